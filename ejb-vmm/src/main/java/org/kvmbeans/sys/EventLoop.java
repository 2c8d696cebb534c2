package org.kvmbeans.sys;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A thread that waits for descriptors with epoll(7) and runs what is to be done when they are ready.
 *
 * <p>Handlers, tasks and timers run on the loop's thread, one at a time, so what only they touch needs no lock. A handler
 * that throws is reported to the loop's failure handler and the loop goes on. Methods may be called from any thread.
 */
public final class EventLoop implements AutoCloseable {
    /** Ready to read. */
    public static final int READABLE = 0x001;
    /** Ready to write. */
    public static final int WRITABLE = 0x004;
    /** Told once for each change, so that an eventfd need not be read. */
    public static final int EDGE_TRIGGERED = 1 << 31;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EVENT_BYTES = 12;
    private static final int MAX_EVENTS = 32;
    private static final long NANOS_PER_MILLI = 1_000_000;
    /** Less than what a sleeping processor takes to wake up, and its waker to tell it so, a few times over. */
    private static final long BUSY_POLL_NANOS = 100_000;

    private static final long STACK_BYTES = 512 << 10;
    private static final long WAKE_UP = 0;

    /** What runs when a descriptor is ready. */
    @FunctionalInterface
    public interface Handler {
        /**
         * The descriptor is ready.
         *
         * @param events what it is ready for: {@link #READABLE}, {@link #WRITABLE}, and epoll's error bits
         */
        void ready(int events);
    }

    private record Registration(int fd, Handler handler) {}

    private record Timer(long dueNanos, long order, Runnable task) {}

    private final Posix posix;
    private final OwnedFd epoll;
    private final EventFd wakeUp;
    private final NativeStruct events;
    private final BusyPoll busyPoll;
    private final Thread thread;
    private final Consumer<Throwable> onFailure;
    private final AtomicLong ids = new AtomicLong();

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final Map<Long, Registration> registrations = new HashMap<>();
    private final Map<Integer, Long> idOfFd = new HashMap<>();
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>((a, b) -> {
        int byTime = Long.signum(a.dueNanos - b.dueNanos);
        return byTime != 0 ? byTime : Long.compare(a.order, b.order);
    });
    private boolean closing;

    private EventLoop(Posix posix, String name, long busyPollNanos, Consumer<Throwable> onFailure) {
        this.posix = posix;
        busyPoll = new BusyPoll(busyPollNanos);
        this.onFailure = onFailure;
        epoll = new OwnedFd(posix, PosixException.check(posix.epollCreate(EPOLL_CLOEXEC), "epoll_create1", name));
        try {
            wakeUp = EventFd.create(posix);
        } catch (RuntimeException e) {
            epoll.close();
            throw e;
        }
        events = new NativeStruct(posix, MAX_EVENTS * EVENT_BYTES);
        thread = new Thread(null, this::run, name, STACK_BYTES);
        thread.setDaemon(true);
        thread.setContextClassLoader(EventLoop.class.getClassLoader());
    }

    /**
     * Starts a loop.
     *
     * @param name the thread's name
     * @param onFailure hears, on the loop's thread, what a handler threw
     * @throws PosixException where the host refuses
     */
    public static EventLoop start(Posix posix, String name, Consumer<Throwable> onFailure) {
        return start(posix, name, 0, onFailure);
    }

    /**
     * Starts a loop that, where there is another processor, looks for what is ready for some microseconds before it sleeps,
     * while what it waits for comes that soon: for storage that is that fast.
     *
     * @see #start
     */
    public static EventLoop startBusy(Posix posix, String name, Consumer<Throwable> onFailure) {
        long nanos = Runtime.getRuntime().availableProcessors() > 1 ? BUSY_POLL_NANOS : 0;
        return start(posix, name, nanos, onFailure);
    }

    private static EventLoop start(Posix posix, String name, long busyPollNanos, Consumer<Throwable> onFailure) {
        EventLoop loop = new EventLoop(posix, name, busyPollNanos, onFailure);
        int added = posix.epollControl(
                loop.epoll.number(),
                EPOLL_CTL_ADD,
                loop.wakeUp.number(),
                READABLE | EDGE_TRIGGERED,
                loop.ids.getAndIncrement());
        if (added < 0) {
            loop.closeDescriptors();
            throw new PosixException("EPOLL_CTL_ADD", -added, name);
        }
        loop.thread.start();
        return loop;
    }

    /**
     * Runs {@code handler} whenever {@code fd} is ready.
     *
     * @param interest {@link #READABLE}, {@link #WRITABLE}, {@link #EDGE_TRIGGERED}
     * @throws PosixException where epoll does not take the descriptor
     */
    public void register(int fd, int interest, Handler handler) {
        synchronized (lock) {
            long id = ids.getAndIncrement();
            PosixException.check(
                    posix.epollControl(epoll.number(), EPOLL_CTL_ADD, fd, interest, id), "EPOLL_CTL_ADD", "fd=" + fd);
            registrations.put(id, new Registration(fd, handler));
            idOfFd.put(fd, id);
        }
    }

    /** Waits for something else at a registered descriptor; 0 for nothing. */
    public void changeInterest(int fd, int interest) {
        synchronized (lock) {
            Long id = idOfFd.get(fd);
            if (id != null) {
                PosixException.check(
                        posix.epollControl(epoll.number(), EPOLL_CTL_MOD, fd, interest, id),
                        "EPOLL_CTL_MOD",
                        "fd=" + fd);
            }
        }
    }

    /**
     * Forgets a descriptor. Called on the loop's thread or while its handler cannot run, the handler never runs again;
     * otherwise it may be running still: see {@link #runAndWait}.
     */
    public void unregister(int fd) {
        synchronized (lock) {
            Long id = idOfFd.remove(fd);
            if (id != null) {
                registrations.remove(id);
                posix.epollControl(epoll.number(), EPOLL_CTL_DEL, fd, 0, 0);
            }
        }
    }

    /** Runs {@code task} on the loop's thread, soon; never where the loop is closed. */
    public void execute(Runnable task) {
        synchronized (lock) {
            if (closing) {
                return;
            }
            tasks.add(task);
            wakeUp();
        }
    }

    /** Runs {@code task} on the loop's thread and returns when it has run; at once where the caller is that thread. */
    public void runAndWait(Runnable task) {
        if (Thread.currentThread() == thread) {
            task.run();
            return;
        }
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        synchronized (lock) {
            if (closing) {
                return;
            }
            tasks.add(() -> {
                try {
                    task.run();
                    done.complete(null);
                } catch (RuntimeException | Error e) {
                    done.completeExceptionally(e);
                }
            });
            wakeUp();
        }
        done.join();
    }

    /** Runs {@code task} on the loop's thread in {@code delayNanos}, to the millisecond above. */
    public void schedule(long delayNanos, Runnable task) {
        synchronized (lock) {
            if (closing) {
                return;
            }
            timers.add(new Timer(System.nanoTime() + delayNanos, ids.getAndIncrement(), task));
            wakeUp();
        }
    }

    /** Called with the lock: the eventfd is closed under it, so that no signal goes to whoever has its number next. */
    private void wakeUp() {
        if (Thread.currentThread() != thread) {
            wakeUp.signal();
        }
    }

    /** Ends the loop after the tasks that it was given; returns when its thread has ended, unless that is the caller. */
    @Override
    public void close() {
        synchronized (lock) {
            if (closing) {
                return;
            }
            closing = true;
            wakeUp();
        }
        if (Thread.currentThread() != thread) {
            joinThread();
        }
    }

    private void joinThread() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (runTasks()) {
                int ready = await(timeoutMillis());
                for (int i = 0; i < ready; i++) {
                    dispatch(
                            events.buffer().getLong(i * EVENT_BYTES + Integer.BYTES),
                            events.buffer().getInt(i * EVENT_BYTES));
                }
            }
        } finally {
            closeDescriptors();
        }
    }

    private int await(int timeoutMillis) {
        if (timeoutMillis == 0 || busyPoll.isNever()) {
            return awaitReady(timeoutMillis);
        }
        long start = System.nanoTime();
        int ready = 0;
        while (ready == 0 && System.nanoTime() - start < busyPoll.nanos()) {
            ready = awaitReady(0);
        }
        if (ready == 0) {
            ready = awaitReady(timeoutMillis);
        }
        busyPoll.cameAfter(System.nanoTime() - start);
        return ready;
    }

    private int awaitReady(int timeoutMillis) {
        return posix.epollWait(epoll.number(), events.address(), MAX_EVENTS, timeoutMillis);
    }

    private void dispatch(long id, int what) {
        if (id == WAKE_UP) {
            return;
        }
        Registration registration;
        synchronized (lock) {
            registration = registrations.get(id);
        }
        if (registration != null) {
            guarded(() -> registration.handler.ready(what));
        }
    }

    /**
     * Runs what is due; false when the loop is to end. Of the tasks, those that are there now: one that comes back with
     * every turn, as a busy queue does, leaves the descriptors their turns.
     */
    private boolean runTasks() {
        int turns = pendingTasks();
        while (true) {
            Runnable task;
            synchronized (lock) {
                task = turns-- > 0 ? tasks.poll() : null;
                if (task == null) {
                    Timer timer = timers.peek();
                    if (timer != null && timer.dueNanos - System.nanoTime() <= 0) {
                        timers.poll();
                        task = timer.task;
                    }
                }
                if (task == null) {
                    return !closing || !tasks.isEmpty();
                }
            }
            guarded(task);
        }
    }

    private int pendingTasks() {
        synchronized (lock) {
            return tasks.size();
        }
    }

    private int timeoutMillis() {
        synchronized (lock) {
            if (!tasks.isEmpty()) {
                return 0;
            }
            Timer timer = timers.peek();
            if (timer == null) {
                return -1;
            }
            long nanos = Math.max(0, timer.dueNanos - System.nanoTime());
            return (int) Math.min(Integer.MAX_VALUE, (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
        }
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            onFailure.accept(e);
        }
    }

    private void closeDescriptors() {
        synchronized (lock) {
            wakeUp.close();
            epoll.close();
        }
    }
}
