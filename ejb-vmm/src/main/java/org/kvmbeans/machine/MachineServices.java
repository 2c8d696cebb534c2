package org.kvmbeans.machine;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import org.kvmbeans.legacy.DeviceTimers;
import org.kvmbeans.machine.device.ImageAccess;
import org.kvmbeans.sys.Posix;

/** What all machines of a process share: system calls, a timer thread, and threads that act on what guests do. */
public final class MachineServices implements AutoCloseable {
    private final Posix posix;
    private final ImageAccess images;
    private final ScheduledThreadPoolExecutor timerThread;
    private final DeviceTimers timers;
    private final ExecutorService events;

    /** Services whose disks may be any file. */
    public MachineServices(Posix posix) {
        this(posix, ImageAccess.ANY_FILE);
    }

    public MachineServices(Posix posix, ImageAccess images) {
        this.posix = posix;
        this.images = images;
        timerThread = new ScheduledThreadPoolExecutor(1, daemons("kvmbeans-timers"));
        timerThread.setRemoveOnCancelPolicy(true);
        timers = DeviceTimers.on(timerThread);
        events = Executors.newCachedThreadPool(daemons("kvmbeans-events"));
    }

    private static ThreadFactory daemons(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    Posix posix() {
        return posix;
    }

    ImageAccess images() {
        return images;
    }

    DeviceTimers timers() {
        return timers;
    }

    /** Where a vCPU thread leaves work that must not run on itself. */
    ExecutorService events() {
        return events;
    }

    /** Ends the threads; every machine has been stopped before. */
    @Override
    public void close() {
        timerThread.shutdownNow();
        events.shutdown();
    }
}
