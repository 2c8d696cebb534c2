package org.kvmbeans.block.task;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How fast an operation may copy, so that the disk's users are not starved. The limit can be changed while it copies. May be
 * used from any thread.
 */
public final class CopyPace {
    /** Work this far ahead of the limit is let through, so that pieces are large. */
    private static final long AHEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Clock clock;
    private long bytesPerSecond;
    /** When what was admitted will have been within the limit. */
    private long paidNanos;

    /** Time and waiting, for tests to replace. */
    interface Clock {
        long nanos();

        /** Waits on {@code monitor}, which the caller holds; may return early. */
        void await(Object monitor, long nanos) throws InterruptedException;

        /** The real one. */
        Clock SYSTEM = new Clock() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void await(Object monitor, long nanos) throws InterruptedException {
                TimeUnit.NANOSECONDS.timedWait(monitor, nanos);
            }
        };
    }

    /** Makes one without a limit. */
    public CopyPace() {
        this(Clock.SYSTEM);
    }

    CopyPace(Clock clock) {
        this.clock = clock;
        paidNanos = clock.nanos();
    }

    /** Makes one with a limit. */
    public static CopyPace of(long bytesPerSecond) {
        CopyPace pace = new CopyPace();
        pace.limit(bytesPerSecond);
        return pace;
    }

    /**
     * Sets the limit, at once.
     *
     * @param newBytesPerSecond 0 for none
     */
    public synchronized void limit(long newBytesPerSecond) {
        if (newBytesPerSecond < 0) {
            throw new IllegalArgumentException(
                    newBytesPerSecond + " bytes a second: give a number above 0, or 0 for no limit");
        }
        bytesPerSecond = newBytesPerSecond;
        paidNanos = clock.nanos();
        notifyAll();
    }

    /** Bytes per second; 0 for no limit. */
    public synchronized long limit() {
        return bytesPerSecond;
    }

    /**
     * Asks for so many bytes, and waits for them a while.
     *
     * @param meanwhile is run before each wait of at most a tenth of a second; what it throws ends the waiting
     */
    void admit(long bytes, @Nullable Runnable meanwhile) {
        while (!admitted(bytes)) {
            if (meanwhile != null) {
                meanwhile.run();
            }
        }
    }

    private synchronized boolean admitted(long bytes) {
        if (bytesPerSecond == 0) {
            return true;
        }
        long now = clock.nanos();
        long early = paidNanos - now - AHEAD_NANOS;
        if (early > 0) {
            try {
                clock.await(this, Math.min(early, AHEAD_NANOS));
            } catch (InterruptedException e) {
                // Nobody stops an operation so; the wait is only shorter.
                Thread.currentThread().interrupt();
                return true;
            }
            return false;
        }
        paidNanos = Math.max(paidNanos, now) + (long) (bytes * (1e9 / bytesPerSecond));
        return true;
    }
}
