package org.kvmbeans.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SmallPortsTest {
    private int resets;
    private long nanos;

    @Test
    void resetControlResetsWhenTheCpuBitIsWritten() {
        ResetControl control = new ResetControl(() -> resets++);
        control.write(0, 1, 0x02);
        assertThat(control.read(0, 1)).isEqualTo(0x02);
        assertThat(resets).isZero();
        control.write(0, 1, 0x06);
        assertThat(resets).isEqualTo(1);
        assertThat(control.read(0, 1)).isZero();
        control.write(0, 1, 0x0E);
        assertThat(resets).isEqualTo(2);
        control.write(0, 1, 0xF1);
        assertThat(resets).isEqualTo(2);
    }

    @Test
    void portAResetsByBitZeroAndKeepsA20Open() {
        SystemControlPortA port = new SystemControlPortA(() -> resets++);
        port.writeByte(0, 0x02);
        port.writeByte(0, 0x00);
        assertThat(resets).isZero();
        assertThat(port.readByte(0)).isEqualTo(0x02);
        port.writeByte(0, 0x03);
        assertThat(resets).isEqualTo(1);
    }

    @Test
    void portBShowsGatesAndRefresh() {
        SystemControlPortB port = new SystemControlPortB(() -> nanos);
        port.writeByte(0, 0xFF);
        assertThat(port.readByte(0)).isEqualTo(0x03);
        nanos = 15_085;
        assertThat(port.readByte(0)).isEqualTo(0x13);
        nanos = 2 * 15_085;
        assertThat(port.readByte(0)).isEqualTo(0x03);
        nanos = -1;
        assertThat(port.readByte(0)).isEqualTo(0x13);
    }

    @Test
    void debugExitHandsOverWhatTheGuestWrote() {
        List<Integer> codes = new ArrayList<>();
        DebugExit exit = new DebugExit(codes::add);
        exit.write(0, 1, 0x31);
        exit.write(0, 4, 0xFFFF_FFFFL);
        assertThat(codes).containsExactly(0x31, -1);
        assertThat(exit.read(0, 4)).isZero();
    }

    @Test
    void postCodeKeepsTheLast() {
        PostCode post = new PostCode();
        assertThat(post.lastCode()).isZero();
        post.writeByte(0, 0xAA);
        assertThat(post.lastCode()).isEqualTo(0xAA);
        assertThat(post.readByte(0)).isEqualTo(0xAA);
    }
}
