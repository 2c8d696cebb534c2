package org.kvmbeans.block.nbd;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends what takes too long: sockets that block have no time limits of their own. Its one thread serves all connections of the
 * process, and ends when there are none. What it is given to do must not wait.
 */
final class Watch {
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private Watch() {}

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "nbd-watch");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(5, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }

    /** Does something once, unless it is cancelled before. */
    static Future<?> after(Duration delay, Runnable action) {
        return TIMER.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Does something again and again until it is cancelled. */
    static Future<?> every(Duration period, Runnable action) {
        return TIMER.scheduleWithFixedDelay(action, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    }
}
