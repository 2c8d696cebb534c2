package org.kvmbeans.block.file;

/**
 * Tells whether requests are likely to be done at once, from how long the last ones took: a page cache answers in
 * microseconds, and copies faster than its storage reads and writes, until it has to wait for that. May be used from any
 * thread.
 */
final class SpeedGate {
    private static final long SLOW_NANOS = 1_000_000;
    /** 125 MB/s. */
    private static final long SLOW_NANOS_PER_BYTE = 8;

    private static final long CLOSED_NANOS = 50_000_000;

    private volatile long closedUntilNanos = System.nanoTime();

    boolean isOpen(long nowNanos) {
        return nowNanos - closedUntilNanos >= 0;
    }

    /** A request was done; a slow one closes the gate for a while. */
    void done(long bytes, long startedNanos, long nowNanos) {
        if (nowNanos - startedNanos > SLOW_NANOS + bytes * SLOW_NANOS_PER_BYTE) {
            closedUntilNanos = nowNanos + CLOSED_NANOS;
        }
    }
}
