package org.kvmbeans.virtio.block;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads on which the requests of one disk wait for its storage: made when all others are busy, up to
 * {@link #MAX_THREADS}, and ended when there is nothing to do for a while. May be used from any thread.
 */
final class IoThreads implements AutoCloseable {
    /** The most threads, and so the most requests that the storage has at a time. */
    static final int MAX_THREADS = 32;

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long STACK_BYTES = 256 << 10;

    private final String name;

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private int threads;
    private int idle;
    private boolean closed;

    /** @param name names the threads */
    IoThreads(String name) {
        this.name = name;
    }

    /** Runs a task, which throws nothing, soon; tasks given before {@link #close} still run. */
    void submit(Runnable task) {
        synchronized (lock) {
            tasks.add(task);
            // Threads that were woken but do not run yet count as idle: each of them will take one task.
            if (tasks.size() > idle && threads < MAX_THREADS) {
                startThread();
            } else {
                lock.notify();
            }
        }
    }

    private void startThread() {
        Thread thread = new Thread(null, this::run, name, STACK_BYTES);
        thread.setDaemon(true);
        thread.setContextClassLoader(IoThreads.class.getClassLoader());
        thread.start();
        threads++;
    }

    private void run() {
        while (true) {
            Runnable task;
            synchronized (lock) {
                task = next();
                if (task == null) {
                    threads--;
                    return;
                }
            }
            task.run();
        }
    }

    /** Waits for a task; null where the thread is to end. */
    private @Nullable Runnable next() {
        long deadline = System.nanoTime() + IDLE_NANOS;
        while (tasks.isEmpty()) {
            long left = deadline - System.nanoTime();
            if (closed || left <= 0) {
                return null;
            }
            idle++;
            try {
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            } catch (InterruptedException e) {
                // Nobody interrupts these threads; whoever does ends one, and the next request makes another.
                return null;
            } finally {
                idle--;
            }
        }
        return tasks.poll();
    }

    /** How many threads there are. */
    int count() {
        synchronized (lock) {
            return threads;
        }
    }

    /** Lets the threads end when they have nothing to do. Idempotent. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
    }
}
