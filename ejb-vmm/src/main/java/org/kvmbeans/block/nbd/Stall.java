package org.kvmbeans.block.nbd;

import java.time.Duration;

/** Since when a thread waits for its peer in the midst of something. One thread begins and ends; any thread asks. */
final class Stall {
    private static final long NEVER = Long.MIN_VALUE;

    private volatile long sinceNanos = NEVER;

    void begin() {
        sinceNanos = System.nanoTime();
    }

    void end() {
        sinceNanos = NEVER;
    }

    boolean exceeds(Duration limit) {
        long since = sinceNanos;
        return since != NEVER && System.nanoTime() - since > limit.toNanos();
    }
}
