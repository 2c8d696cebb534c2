package org.kvmbeans.block.task;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Posix;

/**
 * A few threads, each with a buffer of its own, that carry out pieces of a copy in any order. One thread, the copy's own,
 * gives them out and hears of the first failure; after it, pieces that wait are dropped.
 */
final class CopyCrew implements AutoCloseable {
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long STACK_BYTES = 512 << 10;

    /** A piece of a copy. */
    @FunctionalInterface
    interface Piece {
        /** Carries it out, with a buffer that is its own until it returns. */
        void copy(CopyBuffer buffer) throws IOException;
    }

    private final Runnable tick;
    private final List<Thread> threads = new ArrayList<>();
    private final int workers;

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final Queue<Piece> waiting = new ArrayDeque<>();
    private int busy;
    private boolean closed;
    private @Nullable Throwable failure;

    /**
     * Starts the threads.
     *
     * @param tick is run by the thread that gives out work, several times a second while it waits; what it throws is thrown
     *     on to it
     */
    CopyCrew(Posix posix, String name, int workers, int bufferBytes, Runnable tick) {
        this.tick = tick;
        this.workers = workers;
        for (int i = 0; i < workers; i++) {
            CopyBuffer buffer = new CopyBuffer(posix, bufferBytes);
            Thread thread = new Thread(null, () -> work(buffer), name + "-" + i, STACK_BYTES);
            thread.setDaemon(true);
            thread.setContextClassLoader(CopyCrew.class.getClassLoader());
            threads.add(thread);
            thread.start();
        }
    }

    private void work(CopyBuffer buffer) {
        for (Piece piece = next(); piece != null; piece = next()) {
            Throwable thrown = null;
            try {
                piece.copy(buffer);
            } catch (IOException | RuntimeException | Error e) {
                thrown = e;
            }
            synchronized (lock) {
                busy--;
                if (thrown != null && failure == null) {
                    failure = thrown;
                    waiting.clear();
                }
                lock.notifyAll();
            }
        }
    }

    private @Nullable Piece next() {
        synchronized (lock) {
            while (waiting.isEmpty() && !closed) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    // Nobody interrupts these threads.
                    closed = true;
                }
            }
            Piece piece = waiting.poll();
            if (piece != null) {
                busy++;
                lock.notifyAll();
            }
            return piece;
        }
    }

    /**
     * Gives a piece out, when fewer wait than there are threads.
     *
     * @throws IOException what an earlier piece failed with
     */
    void give(Piece piece) throws IOException {
        awaitAtMost(workers - 1, Integer.MAX_VALUE);
        synchronized (lock) {
            waiting.add(piece);
            lock.notifyAll();
        }
        tick.run();
    }

    /**
     * Waits until all pieces are done.
     *
     * @throws IOException what one of them failed with
     */
    void awaitAll() throws IOException {
        awaitAtMost(0, 0);
    }

    private void awaitAtMost(int mostWaiting, int mostBusy) throws IOException {
        while (true) {
            synchronized (lock) {
                throwFailure();
                if (waiting.size() <= mostWaiting && busy <= mostBusy) {
                    return;
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(lock, TICK_NANOS);
                } catch (InterruptedException e) {
                    throw new IOException("the copy was interrupted", e);
                }
            }
            tick.run();
        }
    }

    private void throwFailure() throws IOException {
        if (failure instanceof IOException io) {
            throw io;
        }
        if (failure instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (failure instanceof Error error) {
            throw error;
        }
    }

    /** Drops the pieces that wait, and waits for those in progress and for the threads to end. Idempotent. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            waiting.clear();
            lock.notifyAll();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
