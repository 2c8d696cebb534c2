package org.kvmbeans.sys;

/**
 * How long a thread looks for work before it sleeps. To be woken costs both sides more than a short look; so the thread looks
 * for as long as work has come lately, and not at all where that would have been in vain. Used by one thread.
 */
final class BusyPoll {
    private static final long FIRST_NANOS = 4_000;

    private final long maxNanos;
    private long nanos;

    /** @param maxNanos the longest; 0 for never */
    BusyPoll(long maxNanos) {
        this.maxNanos = maxNanos;
    }

    boolean isNever() {
        return maxNanos == 0;
    }

    /** How long to look, in nanoseconds. */
    long nanos() {
        return nanos;
    }

    /** Work came after this time, looked for or slept over. */
    void cameAfter(long waitedNanos) {
        if (waitedNanos > maxNanos) {
            nanos = 0;
        } else if (waitedNanos > nanos) {
            nanos = Math.min(maxNanos, Math.max(FIRST_NANOS, 2 * nanos));
        }
    }
}
