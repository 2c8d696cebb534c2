package org.kvmbeans.export.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpeedTest {
    private static final long SECOND = 1_000_000_000;

    private final Speed speed = new Speed();

    @Test
    void knowsNothingBeforeTheFirstSample() {
        assertThat(speed.bytesPerSecond(SECOND, 100)).isZero();
    }

    @Test
    void isTheSpeedOfLateAndForgetsWhatWasBefore() {
        long bytes = 0;
        for (int second = 0; second < 20; second++) {
            speed.sample(second * SECOND, bytes);
            bytes += second < 10 ? 1000 : 50;
        }
        assertThat(speed.bytesPerSecond(20 * SECOND, bytes)).isEqualTo(50);
    }

    @Test
    void manySamplesAtOnceDoNotShortenItsMemory() {
        speed.sample(0, 0);
        for (int i = 1; i <= 100; i++) {
            speed.sample(SECOND + i, 1000);
        }
        assertThat(speed.bytesPerSecond(2 * SECOND, 2000)).isEqualTo(1000);
    }
}
