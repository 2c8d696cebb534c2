package org.kvmbeans.export.job;

/**
 * How fast work has been lately: over the last {@value #WINDOW_SAMPLES} samples, which lie half a second apart or more. Not
 * thread-safe.
 */
final class Speed {
    private static final int WINDOW_SAMPLES = 10;
    private static final long SAMPLE_NANOS = 500_000_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final long[] nanos = new long[WINDOW_SAMPLES];
    private final long[] bytes = new long[WINDOW_SAMPLES];
    private int count;
    private int newest = -1;

    /** Takes notice of how much is done at a time. */
    void sample(long nowNanos, long doneBytes) {
        if (count > 0 && nowNanos - nanos[newest] < SAMPLE_NANOS) {
            return;
        }
        newest = (newest + 1) % WINDOW_SAMPLES;
        nanos[newest] = nowNanos;
        bytes[newest] = doneBytes;
        count = Math.min(count + 1, WINDOW_SAMPLES);
    }

    /** Bytes a second between the oldest sample and now; 0 where nothing can be said. */
    long bytesPerSecond(long nowNanos, long doneBytes) {
        if (count == 0) {
            return 0;
        }
        int oldest = (newest - count + 1 + WINDOW_SAMPLES) % WINDOW_SAMPLES;
        long passed = nowNanos - nanos[oldest];
        return passed <= 0 ? 0 : Math.max(0, (long) ((doneBytes - bytes[oldest]) * NANOS_PER_SECOND / passed));
    }
}
