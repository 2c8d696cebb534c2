package org.kvmbeans.virtio.testdriver;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Waits with a deadline. */
public final class Await {
    /** How long anything is waited for: far more than it takes on a busy machine. */
    public static final long SECONDS = 30;

    private static final long POLL_NANOS = 100_000;

    private Await() {}

    /** Returns when {@code condition} holds; fails after {@link #SECONDS}. */
    public static void until(String what, BooleanSupplier condition) {
        value(what, () -> condition.getAsBoolean() ? Boolean.TRUE : null);
    }

    /** Returns what {@code source} has as soon as it is not null; fails after {@link #SECONDS}. */
    public static <T> T value(String what, Supplier<@Nullable T> source) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (true) {
            T value = source.get();
            if (value != null) {
                return value;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError(what + ": not within " + SECONDS + " s");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
