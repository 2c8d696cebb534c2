package org.kvmbeans.virtio.net.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.FramePort;

/** Packets in a stream, however the stream is cut, and streams of any bytes. The stream is a file in memory. */
class FrameStreamTest {
    private static final int ROOM = FramePort.HEADER_BYTES + FramePort.MAX_FRAME_BYTES;

    private final JnaPosix posix = new JnaPosix();
    private final OwnedFd file = new OwnedFd(posix, posix.memfdCreate("stream", 1));
    private final NativeStruct memory = new NativeStruct(posix, ROOM);
    private final IoVector room = new IoVector(posix, 1);
    private long written;

    FrameStreamTest() {
        room.add(memory.buffer(), memory.address(), 0, ROOM);
    }

    @AfterEach
    void close() {
        file.close();
    }

    private void append(byte[] bytes) {
        NativeStruct data = new NativeStruct(posix, Math.max(1, bytes.length));
        data.buffer().put(0, bytes);
        assertThat(posix.pwrite(file.number(), data.address(), bytes.length, written))
                .isEqualTo(bytes.length);
        written += bytes.length;
    }

    private static byte[] framed(byte[] frame) {
        return ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array();
    }

    private byte[] received(long bytes) {
        byte[] packet = new byte[(int) bytes];
        memory.buffer().get(0, packet);
        assertThat(Arrays.copyOf(packet, FramePort.HEADER_BYTES)).containsOnly(0);
        return Arrays.copyOfRange(packet, FramePort.HEADER_BYTES, packet.length);
    }

    private static byte[] frame(int length, int fill) {
        byte[] frame = new byte[length];
        Arrays.fill(frame, (byte) fill);
        return frame;
    }

    @Test
    void packetsComeOutOfOneStretch() {
        FrameStream stream = new FrameStream(posix, file.number());
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int[] lengths = {14, 60, 1514, FramePort.MAX_FRAME_BYTES, FramePort.MAX_FRAME_BYTES, 15};
        for (int length : lengths) {
            all.writeBytes(framed(frame(length, length)));
        }
        append(all.toByteArray());

        for (int length : lengths) {
            assertThat(received(stream.receive(room))).isEqualTo(frame(length, length));
        }
        assertThat(stream.receive(room)).isEqualTo(FramePort.BROKEN);
    }

    @Test
    void lengthsOutOfBoundsBreakTheStream() {
        for (int length : new int[] {0, 13, FramePort.MAX_FRAME_BYTES + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            FrameStream stream = new FrameStream(posix, file.number());
            append(ByteBuffer.allocate(64).putInt(length).array());

            assertThat(stream.receive(room)).isEqualTo(FramePort.BROKEN);
            assertThat(stream.failure()).contains("packet of " + Integer.toUnsignedString(length) + " bytes");
        }
    }

    @Test
    void whatIsSentIsFramed() {
        FrameStream stream = new FrameStream(posix, file.number());
        IoVector packet = new IoVector(posix, 1);
        packet.add(memory.buffer(), memory.address(), 0, FramePort.HEADER_BYTES + 60);
        memory.buffer().put(FramePort.HEADER_BYTES, frame(60, 7));

        assertThat(stream.send(packet)).isEqualTo(FramePort.Sent.DONE);
        assertThat(stream.hasUnsent()).isFalse();
        NativeStruct read = new NativeStruct(posix, 128);
        assertThat(posix.pread(file.number(), read.address(), 128, 0)).isEqualTo(64);
        byte[] bytes = new byte[64];
        read.buffer().get(0, bytes);
        assertThat(bytes).isEqualTo(framed(frame(60, 7)));
    }

    @Test
    void streamsOfAnyBytesGivePacketsInBoundsOrBreak() {
        Random random = new Random(42);
        for (int round = 0; round < 2_000; round++) {
            FrameStream stream = new FrameStream(posix, file.number());
            byte[] input = new byte[random.nextInt(4000)];
            random.nextBytes(input);
            for (int at = 0; at + 4 < input.length; at += 18 + random.nextInt(200)) {
                ByteBuffer.wrap(input).putInt(at, random.nextInt(400));
            }
            append(input);
            long bytes = stream.receive(room);
            while (bytes != FramePort.BROKEN) {
                assertThat(bytes).isBetween(FramePort.HEADER_BYTES + 14L, (long) ROOM);
                bytes = stream.receive(room);
            }
            // The next round's stream starts where this one's input ends.
            posix.lseek(file.number(), written, 0);
        }
    }
}
