package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Serial16550Test {
    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR = 2;
    private static final int FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCRATCH = 7;

    private static final int READY_WITH_INTERRUPTS = 0x0B;
    private static final int LOOPBACK = 0x10;

    private final RecordingLine line = new RecordingLine();
    private final Serial16550 port = new Serial16550(line);

    private void type(String text) {
        port.offerInput(text.getBytes(StandardCharsets.UTF_8));
    }

    private String readAll() {
        StringBuilder text = new StringBuilder();
        while ((port.readByte(LSR) & 1) != 0) {
            text.append((char) port.readByte(DATA));
        }
        return text.toString();
    }

    @Test
    void transmittedBytesAreTheOutput() {
        for (char c : "boot\n".toCharArray()) {
            port.writeByte(DATA, c);
        }
        assertThat(new String(port.tail(100), StandardCharsets.UTF_8)).isEqualTo("boot\n");
        assertThat(port.readFrom(0, 100, 0).endPosition()).isEqualTo(5);
        assertThat(port.bytesTransmitted()).isEqualTo(5);
        assertThat(port.readByte(LSR)).isEqualTo(0x60);
    }

    @Test
    void inputArrivesInOrderAndIsCounted() {
        type("ls\n");
        assertThat(port.inputPendingBytes()).isEqualTo(3);
        assertThat(readAll()).isEqualTo("ls\n");
        assertThat(port.inputPendingBytes()).isZero();
        assertThat(port.bytesReceived()).isEqualTo(3);
        assertThat(port.readByte(DATA)).isZero();
        assertThat(port.bytesReceived()).isEqualTo(3);
    }

    @Test
    void inputIsAcceptedWholeOrRefused() {
        port.offerInput(new byte[port.inputCapacityBytes() - 10]);
        assertThatThrownBy(() -> port.offerInput(new byte[11]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("11 bytes")
                .hasMessageContaining("room for 10 of 65536");
        assertThat(port.inputPendingBytes()).isEqualTo(port.inputCapacityBytes() - 10);
        port.offerInput(new byte[10]);
        assertThatThrownBy(() -> port.offerInput(new byte[1])).hasMessageContaining("room for 0");
        port.readByte(DATA);
        port.offerInput(new byte[1]);
    }

    @Test
    void receiveInterruptStaysUntilAllIsRead() {
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        port.writeByte(FCR, 0x81);
        port.writeByte(IER, 0x01);
        assertThat(line.isHigh()).isFalse();
        type("abcdefgh");
        assertThat(line.isHigh()).isTrue();
        assertThat(port.readByte(IIR)).isEqualTo(0xC4);
        port.readByte(DATA);
        assertThat(port.readByte(IIR)).as("below the trigger of 8").isEqualTo(0xCC);
        assertThat(readAll()).isEqualTo("bcdefgh");
        assertThat(line.isHigh()).isFalse();
        assertThat(port.readByte(IIR)).isEqualTo(0xC1);
    }

    @Test
    void interruptWaitsForOut2() {
        port.writeByte(IER, 0x01);
        type("x");
        assertThat(line.isHigh()).isFalse();
        assertThat(port.readByte(IIR)).isEqualTo(0x04);
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        assertThat(line.isHigh()).isTrue();
        port.writeByte(MCR, 0x03);
        assertThat(line.isHigh()).isFalse();
    }

    @Test
    void enablingTransmitInterruptRaisesItOnce() {
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        port.writeByte(IER, 0x02);
        assertThat(line.isHigh()).isTrue();
        assertThat(port.readByte(IIR)).isEqualTo(0x02);
        assertThat(line.isHigh()).isFalse();
        assertThat(port.readByte(IIR)).isEqualTo(0x01);
        port.writeByte(IER, 0x02);
        assertThat(line.isHigh()).isFalse();
        port.writeByte(IER, 0x00);
        port.writeByte(IER, 0x02);
        assertThat(line.isHigh()).isTrue();
    }

    @Test
    void eachByteTransmittedRaisesTheTransmitInterruptAgain() {
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        port.writeByte(IER, 0x02);
        port.readByte(IIR);
        port.writeByte(DATA, 'a');
        assertThat(line.isHigh()).isTrue();
        assertThat(port.readByte(IIR)).isEqualTo(0x02);
        assertThat(line.isHigh()).isFalse();
    }

    @Test
    void receivedDataGoesBeforeTransmitterEmpty() {
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        port.writeByte(IER, 0x03);
        type("x");
        assertThat(port.readByte(IIR)).isEqualTo(0x04);
        port.readByte(DATA);
        assertThat(port.readByte(IIR)).isEqualTo(0x02);
        assertThat(port.readByte(IIR)).isEqualTo(0x01);
    }

    @Test
    void looksLikeA16550AToADriverThatProbes() {
        port.writeByte(IER, 0);
        assertThat(port.readByte(IER)).isZero();
        port.writeByte(IER, 0xFF);
        assertThat(port.readByte(IER)).isEqualTo(0x0F);
        port.writeByte(IER, 0);
        port.writeByte(MCR, LOOPBACK | 0x0A);
        assertThat(port.readByte(MSR) & 0xF0).isEqualTo(0x90);
        port.writeByte(MCR, 0);
        port.writeByte(FCR, 0x01);
        assertThat(port.readByte(IIR) >> 6).isEqualTo(3);
        port.writeByte(FCR, 0);
        assertThat(port.readByte(IIR) >> 6).isZero();
        port.writeByte(SCRATCH, 0xA5);
        assertThat(port.readByte(SCRATCH)).isEqualTo(0xA5);
        assertThat(port.readByte(MSR) & 0xF0)
                .as("carrier, ready, clear to send")
                .isEqualTo(0xB0);
    }

    @Test
    void divisorLatchHidesDataAndInterruptEnable() {
        port.writeByte(IER, 0x05);
        port.writeByte(LCR, 0x83);
        port.writeByte(DATA, 0x01);
        port.writeByte(IER, 0x02);
        assertThat(port.readByte(DATA)).isEqualTo(0x01);
        assertThat(port.readByte(IER)).isEqualTo(0x02);
        port.writeByte(LCR, 0x03);
        assertThat(port.readByte(IER)).isEqualTo(0x05);
        assertThat(port.bytesTransmitted()).isZero();
        assertThat(port.readByte(LCR)).isEqualTo(0x03);
    }

    @Test
    void loopbackReachesNeitherHostNorInterruptLine() {
        type("host");
        port.writeByte(IER, 0x0F);
        port.writeByte(FCR, 0x01);
        port.writeByte(MCR, LOOPBACK | READY_WITH_INTERRUPTS);
        int rises = line.rises();
        port.writeByte(DATA, 'q');
        assertThat(port.readByte(LSR) & 1).isEqualTo(1);
        assertThat(port.readByte(DATA)).isEqualTo('q');
        assertThat(port.readByte(LSR) & 1).as("the host's input is cut off").isZero();
        assertThat(line.rises()).isEqualTo(rises);
        assertThat(port.bytesTransmitted()).isZero();
        assertThat(port.bytesReceived()).isZero();
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        assertThat(readAll()).isEqualTo("host");
    }

    @Test
    void loopbackOverrunIsReportedAndFifoResetEmptiesIt() {
        port.writeByte(FCR, 0x01);
        port.writeByte(MCR, LOOPBACK);
        port.writeByte(IER, 0x04);
        for (int i = 0; i < 17; i++) {
            port.writeByte(DATA, i);
        }
        assertThat(port.readByte(IIR)).isEqualTo(0xC6);
        assertThat(port.readByte(LSR)).isEqualTo(0x63);
        assertThat(port.readByte(LSR)).isEqualTo(0x61);
        assertThat(port.readByte(DATA)).isZero();
        port.writeByte(FCR, 0x03);
        assertThat(port.readByte(LSR)).isEqualTo(0x60);
    }

    @Test
    void modemLinesThatChangeInterrupt() {
        port.writeByte(MCR, LOOPBACK);
        port.readByte(MSR);
        port.writeByte(IER, 0x08);
        assertThat(port.readByte(IIR)).isEqualTo(0x01);
        port.writeByte(MCR, LOOPBACK | 0x02);
        assertThat(port.readByte(IIR)).isEqualTo(0x00);
        assertThat(port.readByte(MSR)).isEqualTo(0x11);
        assertThat(port.readByte(IIR)).isEqualTo(0x01);
        assertThat(port.readByte(MSR)).isEqualTo(0x10);
    }

    @Test
    void ringIndicatorReportsOnlyItsEnd() {
        port.writeByte(MCR, LOOPBACK);
        port.readByte(MSR);
        port.writeByte(MCR, LOOPBACK | 0x04);
        assertThat(port.readByte(MSR)).isEqualTo(0x40);
        port.writeByte(MCR, LOOPBACK);
        assertThat(port.readByte(MSR)).isEqualTo(0x04);
    }

    @Test
    void typedAheadTextSurvivesTheDriverOpeningThePort() {
        type("uname\n");
        // What Linux does between probing and asking for input: clear the FIFOs, then read every status register.
        port.writeByte(MCR, 0x00);
        port.writeByte(FCR, 0x01);
        port.writeByte(FCR, 0x07);
        port.writeByte(FCR, 0x00);
        port.readByte(LSR);
        port.readByte(DATA);
        port.readByte(IIR);
        port.readByte(MSR);
        port.writeByte(FCR, 0x81);
        port.writeByte(MCR, 0x08);
        port.readByte(DATA);
        port.writeByte(IER, 0x05);
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        assertThat(line.isHigh()).isTrue();
        assertThat(readAll()).isEqualTo("uname\n");
    }

    @Test
    void droppingRequestToSendHoldsTheInput() {
        port.writeByte(MCR, 0x03);
        type("ab");
        assertThat(port.readByte(DATA)).isEqualTo('a');
        port.writeByte(MCR, 0x01);
        assertThat(port.readByte(LSR) & 1).isZero();
        port.writeByte(MCR, 0x03);
        assertThat(readAll()).isEqualTo("b");
    }

    @Test
    void resetKeepsHistoryAndWaitingInput() {
        port.writeByte(DATA, 'x');
        port.writeByte(MCR, READY_WITH_INTERRUPTS);
        port.writeByte(IER, 0x0F);
        type("y");
        assertThat(line.isHigh()).isTrue();
        port.reset();
        assertThat(line.isHigh()).isFalse();
        assertThat(port.readByte(IER)).isZero();
        assertThat(port.tail(1)).containsExactly('x');
        assertThat(readAll()).isEqualTo("y");
    }

    @Test
    void survivesAnyRegisterPattern() {
        Random random = new Random(16550);
        for (int i = 0; i < 200_000; i++) {
            int size = 1 << random.nextInt(3);
            long offset = random.nextInt(8);
            if (random.nextBoolean()) {
                port.write(offset, size, random.nextLong());
            } else {
                assertThat(port.read(offset, size)).isBetween(0L, (1L << (8 * size)) - 1);
            }
            if (port.inputPendingBytes() < 1000) {
                port.offerInput(new byte[] {(byte) i});
            }
        }
        port.reset();
        port.writeByte(DATA, 'k');
        assertThat(port.tail(1)).containsExactly('k');
    }
}
