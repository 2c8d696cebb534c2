package org.kvmbeans.machine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits on conditions with a deadline. */
public final class Waiting {
    private static final long POLL_NANOS = 1_000_000;

    private Waiting() {}

    /** Returns when {@code condition} holds; fails after {@code seconds}. */
    public static void until(String what, long seconds, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(what + ": not within " + seconds + " s");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
