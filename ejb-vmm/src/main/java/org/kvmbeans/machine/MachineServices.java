package org.kvmbeans.machine;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import org.kvmbeans.legacy.DeviceTimers;
import org.kvmbeans.machine.device.DiskOpener;
import org.kvmbeans.sys.Posix;

/** What all machines of a process share: system calls, a timer thread, and threads that act on what guests do. */
public final class MachineServices implements AutoCloseable {
    private final Posix posix;
    private final DiskOpener disks;
    private final ScheduledThreadPoolExecutor timerThread;
    private final DeviceTimers timers;
    private final ExecutorService events;

    /** Services whose disks may be any file. */
    public MachineServices(Posix posix) {
        this(posix, DiskOpener.ofAnyFile(posix));
    }

    /** @param disks opens the images of the machines' disks */
    public MachineServices(Posix posix, DiskOpener disks) {
        this.posix = posix;
        this.disks = disks;
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

    DiskOpener disks() {
        return disks;
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
