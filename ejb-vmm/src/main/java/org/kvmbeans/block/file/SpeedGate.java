package org.kvmbeans.block.file;

/**
 * Tells whether requests are likely to be done at once, from how long the last ones took: a page cache answers in
 * microseconds until it has to wait for its storage. May be used from any thread.
 */
final class SpeedGate {
    private static final long SLOW_NANOS = 1_000_000;
    private static final long CLOSED_NANOS = 50_000_000;

    private volatile long closedUntilNanos = System.nanoTime();

    boolean isOpen(long nowNanos) {
        return nowNanos - closedUntilNanos >= 0;
    }

    /** A request was done; a slow one closes the gate for a while. */
    void done(long startedNanos, long nowNanos) {
        if (nowNanos - startedNanos > SLOW_NANOS) {
            closedUntilNanos = nowNanos + CLOSED_NANOS;
        }
    }
}
