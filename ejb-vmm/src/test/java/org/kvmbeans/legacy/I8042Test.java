package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.kvmbeans.bus.BusDevice;

class I8042Test {
    private final RecordingLine line = new RecordingLine();
    private int resets;
    private final I8042 controller = new I8042(line, () -> resets++);
    private final BusDevice data = controller.dataPort();
    private final BusDevice command = controller.commandPort();

    private void command(int value) {
        command.write(0, 1, value);
    }

    private void data(int value) {
        data.write(0, 1, value);
    }

    private long status() {
        return command.read(0, 1);
    }

    private long answer() {
        assertThat(status() & 1).as("output buffer full").isEqualTo(1);
        return data.read(0, 1);
    }

    @Test
    void isEmptyAndReadyAtFirst() {
        assertThat(status() & 0x03).isZero();
    }

    @Test
    void selfTestPasses() {
        command(0xAA);
        assertThat(answer()).isEqualTo(0x55);
        assertThat(status() & 0x05).isEqualTo(0x04);
        command(0xAB);
        assertThat(answer()).isZero();
    }

    @Test
    void configurationIsKept() {
        command(0x60);
        data(0x65);
        command(0x20);
        assertThat(answer()).isEqualTo(0x65);
        command(0xAD);
        command(0x20);
        assertThat(answer()).isEqualTo(0x75);
        command(0xAE);
        command(0xA8);
        command(0x20);
        assertThat(answer()).isEqualTo(0x45);
    }

    @Test
    void driverSeesAtOnceThatNoPointerIsThere() {
        command(0xD3);
        data(0x5A);
        assertThat(status() & 0x20).as("not marked as the pointer's").isZero();
        assertThat(answer()).isEqualTo(0x5A);
        command(0xA9);
        assertThat(answer()).as("line stuck").isEqualTo(1);
    }

    @Test
    void keyboardThatIsMissingAnswersWithTimeout() {
        command(0x60);
        data(0x01);
        data(0xF2);
        assertThat(line.isHigh()).isTrue();
        assertThat(status() & 0x40).isEqualTo(0x40);
        assertThat(answer()).isEqualTo(0xFE);
        assertThat(status() & 0x41).isZero();
        assertThat(line.isHigh()).isFalse();
    }

    @Test
    void pulsingLineZeroResets() {
        command(0xFE);
        assertThat(resets).isEqualTo(1);
        command(0xF0);
        assertThat(resets).isEqualTo(2);
        command(0xFF);
        command(0xF1);
        assertThat(resets).isEqualTo(2);
    }

    @Test
    void outputPortWithLineZeroLowResets() {
        command(0xD1);
        data(0x03);
        assertThat(resets).isZero();
        command(0xD1);
        data(0x02);
        assertThat(resets).isEqualTo(1);
        command(0xD0);
        assertThat(answer() & 0x03).as("running, A20 open").isEqualTo(3);
    }

    @Test
    void commandDropsTheParameterAnotherWaitedFor() {
        command(0xD1);
        command(0xAA);
        data(0x02);
        assertThat(resets).isZero();
    }

    @Test
    void resetForgetsEverything() {
        command(0x60);
        data(0x01);
        data(0xF2);
        controller.reset();
        assertThat(line.isHigh()).isFalse();
        assertThat(status() & 0x41).isZero();
    }

    @Test
    void survivesAnyPattern() {
        Random random = new Random(8042);
        for (int i = 0; i < 100_000; i++) {
            (random.nextBoolean() ? data : command).write(0, 1, random.nextInt(256));
            assertThat((random.nextBoolean() ? data : command).read(0, 1)).isBetween(0L, 255L);
        }
        controller.reset();
        selfTestPasses();
    }
}
