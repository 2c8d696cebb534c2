package org.kvmbeans.virtio.spi;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in buckets that double: bucket 0 below 1,024 ns, bucket n from 2^(n+9) ns to below 2^(n+10) ns, the last
 * one everything from 2^33 ns (8.6 s) on. May be used from any thread.
 */
public final class LatencyHistogram {
    /** How many buckets there are. */
    public static final int BUCKETS = 25;

    private static final int FIRST_BITS = 10;
    private static final int TOTAL = BUCKETS;
    private static final int MAXIMUM = BUCKETS + 1;

    private final AtomicLongArray values = new AtomicLongArray(BUCKETS + 2);

    /** Counts one duration; a negative one counts as 0. */
    public void record(long nanos) {
        long duration = Math.max(0, nanos);
        int bits = Long.SIZE - Long.numberOfLeadingZeros(duration);
        values.incrementAndGet(Math.min(BUCKETS - 1, Math.max(0, bits - FIRST_BITS)));
        values.addAndGet(TOTAL, duration);
        if (duration > values.get(MAXIMUM)) {
            values.accumulateAndGet(MAXIMUM, duration, Math::max);
        }
    }

    /** The counts by bucket, lowest first. */
    public long[] counts() {
        long[] counts = new long[BUCKETS];
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] = values.get(i);
        }
        return counts;
    }

    /** How many durations were counted. */
    public long count() {
        long count = 0;
        for (int i = 0; i < BUCKETS; i++) {
            count += values.get(i);
        }
        return count;
    }

    /** The sum of all durations, nanoseconds. */
    public long totalNanos() {
        return values.get(TOTAL);
    }

    /** The longest duration, nanoseconds. */
    public long maxNanos() {
        return values.get(MAXIMUM);
    }

    /** The first duration, in nanoseconds, that is beyond a bucket; {@link Long#MAX_VALUE} for the last one. */
    public static long upperBoundNanos(int bucket) {
        return bucket == BUCKETS - 1 ? Long.MAX_VALUE : 1L << (bucket + FIRST_BITS);
    }
}
