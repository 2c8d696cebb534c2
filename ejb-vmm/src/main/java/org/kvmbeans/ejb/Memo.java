package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is read anew when it is older than a while. The series that one scrape asks for share one reading of their
 * MBean by it. Any thread may call.
 */
final class Memo<T> {
    private final Supplier<T> source;
    private final long maxAgeNanos;
    private @Nullable T value;
    private long readAtNanos;

    Memo(Supplier<T> source, Duration maxAge) {
        this.source = source;
        this.maxAgeNanos = maxAge.toNanos();
    }

    synchronized T get() {
        T current = value;
        if (current == null || System.nanoTime() - readAtNanos > maxAgeNanos) {
            current = source.get();
            value = current;
            readAtNanos = System.nanoTime();
        }
        return current;
    }
}
