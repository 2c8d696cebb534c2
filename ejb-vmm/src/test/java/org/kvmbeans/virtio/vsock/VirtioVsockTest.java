package org.kvmbeans.virtio.vsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.TestLoop;

/** Rules of vsock, against a kernel that is a list of answers; {@code VhostVsockLabIT} has the real one. */
class VirtioVsockTest {
    private static final long VHOST_GET_FEATURES = 0x8008AF00L;
    private static final int VHOST = 0xAF;

    private final TestLoop loop = new TestLoop();
    private final FaultyPosix kernel = new FaultyPosix();
    private final Posix posix = kernel.posix();
    /** What vhost requests return; 0 where it has no entry. */
    private final Map<Long, Integer> answers = new HashMap<>();

    private final List<Long> requests = Collections.synchronizedList(new ArrayList<>());

    VirtioVsockTest() {
        kernel.answer(
                "open",
                call -> VirtioVsock.DEVICE.equals(call[0])
                        ? (Long) (long) kernel.real().eventfd(0, 0)
                        : null);
        kernel.answer("ioctl", call -> {
            long request = (long) call[1];
            if ((request >> Byte.SIZE & 0xFF) != VHOST) {
                return null;
            }
            requests.add(request);
            return (long) answers.getOrDefault(request, 0);
        });
    }

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private VirtioVsock open() {
        return VirtioVsock.open(posix, loop.loop(), new VsockOptions(42));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1, 2, 0xFFFF_FFFFL, 1L << 32, Long.MAX_VALUE})
    void refusesCidsThatNoGuestCanHave(long cid) {
        assertThatThrownBy(() -> new VsockOptions(cid))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("give 3 to 4294967294");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 0xFFFF_FFFEL})
    void takesTheFirstAndTheLastCid(long cid) {
        assertThat(new VsockOptions(cid).cid()).isEqualTo(cid);
    }

    @ParameterizedTest
    @CsvSource({"2, load the module vhost_vsock", "19, load the module vhost_vsock", "13, let this user read and write"
    })
    void saysWhatToDoWhereTheHostHasNone(int errno, String advice) {
        kernel.fail("open", errno);

        assertThatThrownBy(this::open)
                .isInstanceOf(VsockException.class)
                .hasMessageContaining(VirtioVsock.DEVICE)
                .hasMessageContaining(advice);
    }

    @Test
    void saysThatACidIsTakenAndClosesTheDevice() {
        answers.put(VirtioVsock.SET_GUEST_CID, -Errno.EADDRINUSE);

        assertThatThrownBy(this::open)
                .isInstanceOf(VsockException.class)
                .hasMessageContaining("cid 42")
                .hasMessageContaining("choose another cid");
        assertThat(kernel.calls("close")).isEqualTo(1);
    }

    @Test
    void namesAnyOtherRefusal() {
        answers.put(VirtioVsock.SET_GUEST_CID, -Errno.EINVAL);

        assertThatThrownBy(this::open)
                .isInstanceOf(VsockException.class)
                .hasMessageContaining("VHOST_VSOCK_SET_GUEST_CID")
                .hasMessageContaining("EINVAL");
    }

    @Test
    void showsItsCid() {
        try (VirtioVsock vsock = open()) {
            vsock.writeConfig(0, 8, 7);

            assertThat(vsock.readConfig(0, 8)).isEqualTo(42);
            assertThat(vsock.readConfig(4, 4)).isZero();
            assertThat(vsock.type()).isEqualTo(19);
            assertThat(vsock.queueSizes()).hasSize(3);
        }
    }

    @Test
    void offersWhatTheKernelServes() {
        try (VirtioVsock none = open()) {
            assertThat(none.features()).isZero();
        }
        kernel.answer("ioctl", call -> {
            if ((long) call[1] == VHOST_GET_FEATURES) {
                putLong((long) call[2], -1L);
            }
            return 0L;
        });
        try (VirtioVsock all = open()) {
            assertThat(all.features())
                    .isEqualTo(
                            VirtioFeatures.INDIRECT_DESCRIPTORS | VirtioFeatures.EVENT_INDEX | VirtioVsock.SEQPACKET);
        }
    }

    private void putLong(long address, long value) {
        kernel.real().bufferAt(address, Long.BYTES).putLong(0, value);
    }

    @Test
    void theKernelRunsTheQueuesBetweenStartAndStop() {
        try (DeviceHarness harness = DeviceHarness.start(open())) {
            assertThat(requests).endsWith(VirtioVsock.SET_RUNNING);
            assertThat(harness.resets()).isEmpty();

            harness.restart();

            assertThat(requests.stream().filter(request -> request == VirtioVsock.SET_RUNNING))
                    .hasSize(3);
        }
        assertThat(requests.stream().filter(request -> request == VirtioVsock.SET_RUNNING))
                .hasSize(4);
    }

    @Test
    void aRingOutsideRamNeedsAReset() {
        try (DeviceHarness harness = DeviceHarness.of(open())
                .ring(
                        1,
                        place -> new DriverQueue.RingPlace(
                                place.index(), place.size(), 1L << 40, place.driverGpa(), place.deviceGpa()))
                .start()) {
            assertThat(harness.awaitReset()).contains("vsock").contains("not all RAM");
        }
    }

    @Test
    void aKernelThatRefusesToRunNeedsAReset() {
        answers.put(VirtioVsock.SET_RUNNING, -Errno.EFAULT);
        try (DeviceHarness harness = DeviceHarness.start(open())) {
            assertThat(harness.awaitReset()).contains("VHOST_VSOCK_SET_RUNNING").contains("EFAULT");
            answers.clear();
        }
    }
}
