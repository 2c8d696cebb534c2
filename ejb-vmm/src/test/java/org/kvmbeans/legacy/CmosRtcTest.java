package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CmosRtcTest {
    private static final int A = 0x0A;
    private static final int B = 0x0B;
    private static final int C = 0x0C;
    private static final int D = 0x0D;
    private static final long GIB = 1L << 30;

    private final FakeTime time = new FakeTime("2026-11-22T23:04:59.500Z");
    private final RecordingLine line = new RecordingLine();
    private final CmosRtc rtc = new CmosRtc(time, time, line, GIB, 2 * GIB);

    @BeforeEach
    void selectsNoPeriodicRate() {
        assertThat(get(A)).as("after power on").isEqualTo(0x26);
        set(A, 0x20);
    }

    @AfterEach
    void closes() {
        rtc.close();
        assertThat(time.armedTimers()).isZero();
    }

    private int get(int register) {
        rtc.writeByte(0, register);
        return rtc.readByte(1);
    }

    private void set(int register, int value) {
        rtc.writeByte(0, register);
        rtc.writeByte(1, value);
    }

    private String timeShown() {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x day %x"
                .formatted(get(0x32), get(9), get(8), get(7), get(4), get(2), get(0), get(6));
    }

    @Test
    void showsTheHostsTimeInBcd() {
        assertThat(timeShown()).isEqualTo("2026-11-22 23:04:59 day 1");
        time.advanceSeconds(1);
        assertThat(timeShown()).isEqualTo("2026-11-22 23:05:00 day 1");
    }

    @Test
    void showsBinaryWhereAsked() {
        set(B, 0x06);
        assertThat(get(9)).isEqualTo(26);
        assertThat(get(7)).isEqualTo(22);
        assertThat(get(4)).isEqualTo(23);
        assertThat(get(0)).isEqualTo(59);
    }

    @Test
    void showsTwelveHoursWhereAsked() {
        set(B, 0x00);
        assertThat(get(4)).isEqualTo(0x91);
        time.advanceSeconds(3600);
        assertThat(get(4)).as("midnight").isEqualTo(0x12);
        time.advanceSeconds(12 * 3600);
        assertThat(get(4)).as("noon").isEqualTo(0x92);
    }

    @Test
    void timeSetByTheGuestRunsOn() {
        set(B, 0x82);
        set(0x32, 0x19);
        set(9, 0x99);
        set(8, 0x12);
        set(7, 0x31);
        set(4, 0x23);
        set(2, 0x59);
        set(0, 0x58);
        time.advanceSeconds(5);
        assertThat(get(0)).as("stands still while set").isEqualTo(0x58);
        set(B, 0x02);
        time.advanceSeconds(2);
        assertThat(timeShown()).isEqualTo("2000-01-01 00:00:00 day 7");
    }

    @Test
    void singleRegisterWrittenWhileRunningMovesTheTime() {
        set(4, 0x01);
        assertThat(timeShown()).isEqualTo("2026-11-22 01:04:59 day 1");
    }

    @Test
    void timeThatCannotBeIsNotTaken() {
        set(B, 0x82);
        set(8, 0x13);
        set(7, 0xFF);
        set(B, 0x02);
        assertThat(timeShown()).isEqualTo("2026-11-22 23:04:59 day 1");
    }

    @Test
    void lastYearOfFourDigitsDoesNotOverflow() {
        set(B, 0x82);
        set(0x32, 0x99);
        set(9, 0x99);
        set(8, 0x12);
        set(7, 0x31);
        set(B, 0x02);
        time.advanceSeconds(86_400 * 10);
        assertThat(get(0x32)).isEqualTo(0x99);
        assertThat(get(9)).isEqualTo(0x99);
    }

    @Test
    void announcesTheUpdateShortlyBefore() {
        assertThat(get(A)).isEqualTo(0x20);
        time.advanceNanos(499_800_000);
        assertThat(get(A)).isEqualTo(0xA0);
        time.advanceNanos(200_000);
        assertThat(get(A)).isEqualTo(0x20);
    }

    @Test
    void statusTellsThatTheBatteryIsGood() {
        set(D, 0);
        assertThat(get(D)).isEqualTo(0x80);
    }

    @Test
    void updateFlagIsSetEachSecondAndClearedByReading() {
        assertThat(get(C)).isZero();
        time.advanceSeconds(1);
        assertThat(get(C)).isEqualTo(0x10);
        assertThat(get(C)).isZero();
        assertThat(line.rises()).isZero();
    }

    @Test
    void nothingIsUpdatedWhileTheTimeIsBeingSet() {
        set(B, 0x92);
        assertThat(time.armedTimers()).isZero();
        time.advanceSeconds(3);
        assertThat(get(C)).isZero();
        set(B, 0x12);
        time.advanceSeconds(1);
        assertThat(get(C)).isEqualTo(0x90);
    }

    @Test
    void updateInterruptComesOnceForEachRead() {
        set(B, 0x12);
        time.advanceNanos(500_000_000);
        assertThat(line.isHigh()).isTrue();
        assertThat(time.armedTimers()).as("none while one is pending").isZero();
        time.advanceSeconds(10);
        assertThat(line.rises()).isEqualTo(1);
        assertThat(get(C)).isEqualTo(0x90);
        assertThat(line.isHigh()).isFalse();
        time.advanceSeconds(1);
        assertThat(line.rises()).isEqualTo(2);
    }

    @Test
    void alarmInterruptsAtItsTime() {
        set(5, 0x23);
        set(3, 0x06);
        set(1, 0x30);
        set(B, 0x22);
        time.advanceSeconds(90);
        assertThat(line.isHigh()).isFalse();
        time.advanceSeconds(1);
        assertThat(line.isHigh()).isTrue();
        assertThat(get(C)).isEqualTo(0xB0);
        time.advanceSeconds(86_399);
        assertThat(line.isHigh()).isFalse();
        time.advanceSeconds(1);
        assertThat(line.isHigh()).isTrue();
    }

    @Test
    void alarmWithoutCareComesEverySecond() {
        set(1, 0xC0);
        set(3, 0xFF);
        set(5, 0xC0);
        set(B, 0x22);
        time.advanceSeconds(1);
        assertThat(get(C)).isEqualTo(0xB0);
        time.advanceSeconds(1);
        assertThat(get(C)).isEqualTo(0xB0);
    }

    @Test
    void alarmAtNoPossibleTimeArmsNothing() {
        set(1, 0x75);
        set(B, 0x22);
        assertThat(time.armedTimers()).isZero();
        time.advanceSeconds(200_000);
        assertThat(get(C)).isEqualTo(0x10);
    }

    @Test
    void periodicInterruptComesAtTheSelectedRate() {
        set(A, 0x26);
        set(B, 0x42);
        int rises = 0;
        for (int i = 0; i < 1024; i++) {
            time.advanceNanos(976_563);
            if (line.isHigh()) {
                rises++;
                get(C);
            }
        }
        assertThat(rises).isBetween(1020, 1024);
    }

    @Test
    void rateZeroIsSilent() {
        set(B, 0x42);
        assertThat(time.armedTimers()).isZero();
        time.advanceSeconds(5);
        assertThat(get(C)).isEqualTo(0x10);
    }

    @Test
    void idleClockArmsNoTimer() {
        timeShown();
        assertThat(time.armedTimers()).isZero();
    }

    @Test
    void resetDisablesInterruptsAndKeepsTimeAndMemory() {
        set(0x40, 0xAB);
        set(4, 0x01);
        set(B, 0x72);
        time.advanceSeconds(1);
        assertThat(line.isHigh()).isTrue();
        rtc.reset();
        assertThat(line.isHigh()).isFalse();
        assertThat(get(B)).isEqualTo(0x02);
        assertThat(get(0x40)).isEqualTo(0xAB);
        assertThat(get(4)).isEqualTo(0x01);
    }

    @Test
    void memorySizesStandWhereFirmwareLeavesThem() {
        assertThat(get(0x15) | get(0x16) << 8).isEqualTo(640);
        assertThat(get(0x17) | get(0x18) << 8).isEqualTo(0xFFFF);
        assertThat(get(0x34) | get(0x35) << 8).isEqualTo((1024 - 16) * 16);
        assertThat(get(0x5B) | get(0x5C) << 8 | get(0x5D) << 16).isEqualTo(2048 * 16);
    }

    @Test
    void indexIgnoresTheInterruptMaskBit() {
        set(0x80 | 0x50, 0x77);
        assertThat(get(0x50)).isEqualTo(0x77);
        assertThat(rtc.readByte(0)).isEqualTo(0xFF);
    }

    @Test
    void survivesAnyRegisterPattern() {
        Random random = new Random(146818);
        for (int i = 0; i < 20_000; i++) {
            rtc.write(random.nextInt(2), 1 << random.nextInt(2), random.nextInt());
            assertThat(rtc.read(1, 1)).isBetween(0L, 255L);
            time.advanceNanos(random.nextInt(200_000));
            assertThat(time.armedTimers()).isLessThanOrEqualTo(1);
        }
    }
}
