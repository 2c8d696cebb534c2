package org.kvmbeans.legacy;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs a device's work later. One implementation serves the devices of many machines. */
@FunctionalInterface
public interface DeviceTimers {
    /** A piece of work that is to run later. */
    @FunctionalInterface
    interface Timer {
        /** Keeps the work from starting; nothing happens where it has started or been cancelled. Never waits. */
        void cancel();
    }

    /**
     * Runs {@code work} once after a delay, on a thread of the implementation's.
     *
     * @param work short work that does not throw
     * @param delayNanos how long to wait, in nanoseconds, 0 or more
     */
    Timer after(long delayNanos, Runnable work);

    /** Timers on the threads of an executor, which its owner shuts down. */
    static DeviceTimers on(ScheduledExecutorService executor) {
        return (delayNanos, work) -> {
            Future<?> future = executor.schedule(work, delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        };
    }
}
