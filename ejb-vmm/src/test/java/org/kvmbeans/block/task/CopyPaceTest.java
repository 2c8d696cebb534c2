package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CopyPaceTest {
    private static final long MIB = 1 << 20;

    /** Waiting moves it on. */
    private static final class FakeClock implements CopyPace.Clock {
        private long now;

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public void await(Object monitor, long nanos) {
            now += nanos;
        }
    }

    private final FakeClock clock = new FakeClock();
    private final CopyPace pace = new CopyPace(clock);

    @Test
    void withoutALimitNothingWaits() {
        for (int i = 0; i < 1000; i++) {
            pace.admit(100 * MIB, null);
        }
        assertThat(clock.now).isZero();
    }

    @Test
    void copiesAsManyBytesASecondAsItMay() {
        pace.limit(10 * MIB);
        for (int i = 0; i < 100; i++) {
            pace.admit(MIB, null);
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(clock.now)).isBetween(9_700L, 10_000L);
    }

    @Test
    void restIsNotSavedUp() {
        pace.limit(10 * MIB);
        clock.now += TimeUnit.HOURS.toNanos(1);
        long begin = clock.now;
        for (int i = 0; i < 100; i++) {
            pace.admit(MIB, null);
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(clock.now - begin)).isBetween(9_700L, 10_000L);
    }

    @Test
    void newLimitHoldsAtOnce() {
        pace.limit(1);
        pace.admit(MIB, null);
        pace.limit(10 * MIB);
        pace.admit(MIB, null);
        assertThat(clock.now).isZero();
        assertThat(pace.limit()).isEqualTo(10 * MIB);
    }

    @Test
    void waitingIsCancelled() {
        pace.limit(1);
        pace.admit(MIB, null);
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> pace.admit(MIB, () -> {
                    throw new CancellationException("enough");
                }));
        assertThat(clock.now).isLessThan(TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void refusesALimitBelowZero() {
        assertThatIllegalArgumentException().isThrownBy(() -> pace.limit(-1)).withMessageContaining("0 for no limit");
    }
}
