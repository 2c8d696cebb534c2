package org.kvmbeans.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Waits for what another process does, up to a deadline. */
final class Waiting {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private Waiting() {}

    /** The first value that fits; fails with the last one where none does in time. */
    static <T> T until(Callable<T> source, Predicate<T> fits) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        T value = source.call();
        while (!fits.test(value) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(PAUSE_NANOS);
            value = source.call();
        }
        assertThat(value).matches(fits);
        return value;
    }
}
