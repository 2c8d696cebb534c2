package org.kvmbeans.virtio.spi;

import java.util.function.LongSupplier;

/**
 * Holds requests to {@link RateLimits}: two token buckets, one of bytes and one of operations.
 *
 * <p>A request is let through as long as both buckets are above zero, and may then take one below, so that a request larger
 * than the burst passes too and is paid for by those after it. May be used from any thread.
 */
public final class RateLimiter {
    private static final double NANOS_PER_SECOND = 1e9;

    private final LongSupplier nanoClock;
    private final Bucket bytes = new Bucket();
    private final Bucket operations = new Bucket();
    private volatile RateLimits limits = RateLimits.NONE;

    /**
     * Makes one without limits.
     *
     * @param nanoClock as {@link System#nanoTime}
     */
    public RateLimiter(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    public RateLimits limits() {
        return limits;
    }

    /** Sets the limits for the requests to come; buckets start full. */
    public synchronized void limit(RateLimits newLimits) {
        long now = nanoClock.getAsLong();
        bytes.start(newLimits.bytesPerSecond(), newLimits.burstBytes(), now);
        operations.start(newLimits.operationsPerSecond(), newLimits.burstOperations(), now);
        limits = newLimits;
    }

    /**
     * Asks for one operation of {@code length} bytes.
     *
     * @return 0 where it may go ahead, and is counted; otherwise nanoseconds after which to ask again
     */
    public long admit(long length) {
        if (limits.equals(RateLimits.NONE)) {
            return 0;
        }
        synchronized (this) {
            long now = nanoClock.getAsLong();
            long wait = Math.max(bytes.nanosToWait(now), operations.nanosToWait(now));
            if (wait == 0) {
                bytes.take(length);
                operations.take(1);
            }
            return wait;
        }
    }

    /** Guarded by the limiter. */
    private static final class Bucket {
        private double perNano;
        private double capacity;
        private double tokens;
        private long filledNanos;

        void start(long perSecond, long burst, long now) {
            perNano = perSecond / NANOS_PER_SECOND;
            capacity = burst == 0 ? perSecond : burst;
            tokens = capacity;
            filledNanos = now;
        }

        long nanosToWait(long now) {
            if (perNano == 0) {
                return 0;
            }
            tokens = Math.min(capacity, tokens + (now - filledNanos) * perNano);
            filledNanos = now;
            return tokens > 0 ? 0 : Math.max(1, (long) Math.ceil((1 - tokens) / perNano));
        }

        void take(long amount) {
            tokens -= perNano == 0 ? 0 : amount;
        }
    }
}
