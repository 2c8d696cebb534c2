package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class AcpiPmTest {
    private static final int STATUS = 0;
    private static final int ENABLE = 2;
    private static final int CONTROL = 4;
    private static final int TIMER = 8;
    private static final int GPE_STATUS = AcpiPm.GPE0_OFFSET;
    private static final int GPE_ENABLE = AcpiPm.GPE0_OFFSET + 2;
    private static final int POWER_BUTTON = 0x100;

    private final RecordingLine sci = new RecordingLine();
    private long nanos = 123_456_789;
    private int powerOffs;
    private final AcpiPm pm = new AcpiPm(sci, () -> nanos, () -> powerOffs++);

    @Test
    void powerButtonInterruptsOnceEnabled() {
        pm.pressPowerButton();
        assertThat(sci.isHigh()).isFalse();
        pm.write(ENABLE, 2, POWER_BUTTON);
        assertThat(sci.isHigh()).isTrue();
        assertThat(pm.read(STATUS, 2)).isEqualTo(POWER_BUTTON);
        assertThat(pm.read(STATUS, 4)).isEqualTo(0x0100_0100);
        pm.write(STATUS, 2, POWER_BUTTON);
        assertThat(sci.isHigh()).isFalse();
        assertThat(pm.read(STATUS, 2)).isZero();
        assertThat(pm.read(ENABLE, 2)).isEqualTo(POWER_BUTTON);
    }

    @Test
    void statusIsClearedOnlyByWritingOnes() {
        pm.pressPowerButton();
        pm.write(STATUS, 2, 0xFEFF);
        assertThat(pm.read(STATUS, 2)).isEqualTo(POWER_BUTTON);
        pm.write(STATUS + 1, 1, 0x01);
        assertThat(pm.read(STATUS, 2)).isZero();
    }

    @Test
    void enableTakesOnlyItsBits() {
        pm.write(ENABLE, 2, 0xFFFF);
        assertThat(pm.read(ENABLE, 2)).isEqualTo(0x0721);
        pm.write(ENABLE, 1, 0);
        assertThat(pm.read(ENABLE, 2)).isEqualTo(0x0700);
    }

    @Test
    void isAlwaysInAcpiMode() {
        assertThat(pm.read(CONTROL, 2) & 1).isEqualTo(1);
        pm.write(CONTROL, 2, 0);
        assertThat(pm.read(CONTROL, 2) & 1).isEqualTo(1);
    }

    @Test
    void enteringS5PowersOff() {
        pm.write(CONTROL, 2, AcpiPm.S5_SLEEP_TYPE << 10);
        assertThat(powerOffs).isZero();
        pm.write(CONTROL, 2, AcpiPm.S5_SLEEP_TYPE << 10 | 1 << 13);
        assertThat(powerOffs).isEqualTo(1);
        assertThat(pm.read(CONTROL, 2) & 1 << 13).isZero();
    }

    @Test
    void enteringS5ByTheUpperByteAlonePowersOff() {
        pm.write(CONTROL + 1, 1, (AcpiPm.S5_SLEEP_TYPE << 10 | 1 << 13) >> 8);
        assertThat(powerOffs).isEqualTo(1);
    }

    @Test
    void otherSleepTypesDoNothing() {
        for (int type = 0; type < 8; type++) {
            if (type != AcpiPm.S5_SLEEP_TYPE) {
                pm.write(CONTROL, 2, type << 10 | 1 << 13);
            }
        }
        assertThat(powerOffs).isZero();
    }

    @Test
    void timerCountsAtItsFrequencyAndWraps() {
        assertThat(pm.read(TIMER, 4)).isZero();
        nanos += 1_000_000_000;
        assertThat(pm.read(TIMER, 4)).isEqualTo(3_579_545);
        nanos += 1_000_000_000L * 3600 * 24 * 365;
        assertThat(pm.read(TIMER, 4)).isEqualTo(3_579_545L * (1 + 3600 * 24 * 365) & 0xFFFF_FFFFL);
        assertThat(pm.read(TIMER, 2)).isEqualTo(pm.read(TIMER, 4) & 0xFFFF);
        assertThat(pm.read(TIMER + 1, 1)).isEqualTo(pm.read(TIMER, 4) >> 8 & 0xFF);
        pm.write(TIMER, 4, 0);
        assertThat(pm.read(TIMER, 4)).isNotZero();
    }

    @Test
    void resetClearsButtonAndInterrupt() {
        pm.write(ENABLE, 2, POWER_BUTTON);
        pm.pressPowerButton();
        pm.reset();
        assertThat(sci.isHigh()).isFalse();
        assertThat(pm.read(STATUS, 4)).isZero();
    }

    @Test
    void aGeneralPurposeEventInterruptsWhileItIsEnabled() {
        pm.raiseEvent(2);
        assertThat(sci.isHigh()).isFalse();
        pm.write(GPE_ENABLE, 1, 0x04);
        assertThat(sci.isHigh()).isTrue();
        assertThat(pm.read(GPE_STATUS, 4)).isEqualTo(0x0004_0004);
        pm.write(GPE_ENABLE, 1, 0x02);
        assertThat(sci.isHigh()).isFalse();
        assertThat(pm.read(GPE_STATUS, 2)).isEqualTo(4);
    }

    @Test
    void aGeneralPurposeEventIsClearedByWritingItsBit() {
        pm.write(GPE_ENABLE, 2, 0x0106);
        pm.raiseEvent(1);
        pm.raiseEvent(8);
        pm.write(GPE_STATUS, 1, 0xFF);
        assertThat(sci.isHigh()).isTrue();
        assertThat(pm.read(GPE_STATUS, 2)).isEqualTo(0x0100);
        pm.write(GPE_STATUS + 1, 1, 0x01);
        assertThat(sci.isHigh()).isFalse();
        assertThat(pm.read(GPE_ENABLE, 2)).isEqualTo(0x0106);
    }

    @Test
    void theLineStaysHighUntilButtonAndEventAreCleared() {
        pm.write(ENABLE, 2, POWER_BUTTON);
        pm.write(GPE_ENABLE, 2, 0x0002);
        pm.pressPowerButton();
        pm.raiseEvent(1);
        pm.write(STATUS, 2, POWER_BUTTON);
        assertThat(sci.isHigh()).isTrue();
        pm.write(GPE_STATUS, 2, 0x0002);
        assertThat(sci.isHigh()).isFalse();
        assertThat(sci.rises()).isEqualTo(1);
    }

    @Test
    void anAccessAcrossTheBlocksReachesBoth() {
        pm.write(CONTROL, 8, 0x0006_0000_0000_0000L);
        assertThat(pm.read(GPE_ENABLE, 2)).isZero();
        pm.write(TIMER, 8, 0x0006_0000_FFFF_FFFFL);
        assertThat(pm.read(GPE_ENABLE, 2)).isEqualTo(6);
        pm.raiseEvent(1);
        assertThat(pm.read(TIMER, 8) >>> 32).isEqualTo(0x0006_0002);
        pm.write(CONTROL + 3, 8, 0x0000_0200_0000_0000L);
        assertThat(pm.read(GPE_STATUS, 2)).isZero();
    }

    @Test
    void resetForgetsEvents() {
        pm.write(GPE_ENABLE, 2, 0xFFFF);
        pm.raiseEvent(15);
        pm.reset();
        assertThat(sci.isHigh()).isFalse();
        assertThat(pm.read(GPE_STATUS, 4)).isZero();
        assertThatThrownBy(() -> pm.raiseEvent(16)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void survivesAnyPattern() {
        Random random = new Random(6);
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(4);
            int offset = random.nextInt(AcpiPm.REGISTER_COUNT - size + 1);
            pm.write(offset, size, random.nextLong());
            long value = pm.read(offset, size);
            if (size < 8) {
                assertThat(value).isBetween(0L, (1L << (8 * size)) - 1);
            }
        }
    }
}
