package org.kvmbeans.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Rules of the balloon's configuration space. */
class BalloonConfigTest {
    private final BalloonConfig config = new BalloonConfig();

    @Test
    void readsInEverySizeAndZeroBeyondItsEnd() {
        config.setNumPages(0x44332211);
        config.write(4, 4, 0x88776655L);

        assertThat(config.read(0, 8)).isEqualTo(0x8877_6655_4433_2211L);
        assertThat(config.read(1, 2)).isEqualTo(0x3322);
        assertThat(config.read(7, 1)).isEqualTo(0x88);
        assertThat(config.read(16, 4)).isZero();
        assertThat(config.read(Integer.MAX_VALUE, 8)).isZero();
    }

    @Test
    void driverWritesOnlyActualAndPoison() {
        for (int offset = 0; offset < 24; offset += 4) {
            config.write(offset, 4, 0xAAAA_AAAAL);
        }

        assertThat(config.numPages()).isZero();
        assertThat(config.actualPages()).isEqualTo(0xAAAA_AAAAL);
        assertThat(config.read(8, 4)).isZero();
        assertThat(config.poisonValue()).isEqualTo(0xAAAA_AAAA);
    }

    @Test
    void resetForgetsWhatTheDriverWroteAndKeepsTheTarget() {
        config.setNumPages(3);
        config.write(4, 4, 2);
        config.write(12, 4, 1);

        config.reset();

        assertThat(config.numPages()).isEqualTo(3);
        assertThat(config.actualPages()).isZero();
        assertThat(config.poisonValue()).isZero();
    }
}
