package org.kvmbeans.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.TestLoop;

/** The kernel's vhost-vsock answers a guest whose driver is the test. Needs the module vhost_vsock: run in the lab. */
class VhostVsockLabIT {
    private static final long CID = 0x4242;
    private static final long HOST_CID = 2;
    /** A port where nobody listens. */
    private static final int SILENT_PORT = 54_321;

    private static final int GUEST_PORT = 1024;

    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    /** struct virtio_vsock_hdr (virtio 1.2, 5.10.6): cids, ports, length, type, operation, flags, credit. */
    private static final int HEADER_BYTES = 44;

    private static final int SOURCE_CID = 0;
    private static final int DESTINATION_CID = 8;
    private static final int SOURCE_PORT = 16;
    private static final int DESTINATION_PORT = 20;
    private static final int TYPE = 28;
    private static final int OPERATION = 30;
    private static final int CREDIT = 36;
    private static final short STREAM = 1;
    private static final short REQUEST = 1;
    private static final short RESET = 3;

    private final JnaPosix posix = new JnaPosix();
    private final TestLoop loop = new TestLoop();

    @BeforeAll
    static void loadModule() throws IOException, InterruptedException {
        if (!Files.exists(Path.of(VirtioVsock.DEVICE))) {
            new ProcessBuilder("modprobe", "vhost_vsock").inheritIO().start().waitFor();
        }
        assertThat(Path.of(VirtioVsock.DEVICE)).exists();
    }

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private VirtioVsock open() {
        return VirtioVsock.open(posix, loop.loop(), new VsockOptions(CID));
    }

    @Test
    void aCidBelongsToOneGuest() {
        try (VirtioVsock first = open()) {
            assertThat(first.features()).isNotZero();
            assertThatThrownBy(this::open)
                    .isInstanceOf(VsockException.class)
                    .hasMessageContaining("choose another cid");
        }
        open().close();
    }

    @Test
    void theKernelRefusesAGuestWhereNobodyListens() {
        try (DeviceHarness harness = DeviceHarness.start(open())) {
            connectAndBeRefused(harness);
        }
    }

    @Test
    void servesTheNextDriverAfterAReset() {
        try (DeviceHarness harness = DeviceHarness.start(open())) {
            connectAndBeRefused(harness);
            harness.restart();
            connectAndBeRefused(harness);
        }
    }

    private static void connectAndBeRefused(DeviceHarness harness) {
        List<Segment> room = harness.queue(RECEIVE).segments(new byte[0], 4096);
        harness.queue(RECEIVE).submit(room);
        ByteBuffer request = ByteBuffer.allocate(HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(SOURCE_CID, CID)
                .putLong(DESTINATION_CID, HOST_CID)
                .putInt(SOURCE_PORT, GUEST_PORT)
                .putInt(DESTINATION_PORT, SILENT_PORT)
                .putShort(TYPE, STREAM)
                .putShort(OPERATION, REQUEST)
                .putInt(CREDIT, 1 << 16);
        harness.queue(TRANSMIT).submit(harness.queue(TRANSMIT).segments(request.array(), 0));

        byte[] bytes =
                harness.queue(RECEIVE).written(room, harness.queue(RECEIVE).await());

        ByteBuffer answer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes).hasSize(HEADER_BYTES);
        assertThat(answer.getShort(OPERATION)).isEqualTo(RESET);
        assertThat(answer.getLong(SOURCE_CID)).isEqualTo(HOST_CID);
        assertThat(answer.getLong(DESTINATION_CID)).isEqualTo(CID);
        assertThat(answer.getInt(SOURCE_PORT)).isEqualTo(SILENT_PORT);
        assertThat(answer.getInt(DESTINATION_PORT)).isEqualTo(GUEST_PORT);
        harness.queue(TRANSMIT).await();
        harness.queue(RECEIVE).awaitInterrupt();
        assertThat(harness.resets()).isEmpty();
    }
}
