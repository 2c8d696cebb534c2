package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.kvmbeans.machine.device.DeviceKind;

class FeatureNamesTest {
    @Test
    void namesBitsAsTheStandardDoesLowestFirst() {
        assertThat(FeatureNames.of(DeviceKind.DISK, 1L << 32 | 1L << 9 | 1L << 34))
                .containsExactly("VIRTIO_BLK_F_FLUSH", "VIRTIO_F_VERSION_1", "VIRTIO_F_RING_PACKED");
    }

    @Test
    void sameBitHasTheNameOfItsKind() {
        assertThat(FeatureNames.of(DeviceKind.NIC, 1)).containsExactly("VIRTIO_NET_F_CSUM");
        assertThat(FeatureNames.of(DeviceKind.CONSOLE, 1)).containsExactly("VIRTIO_CONSOLE_F_SIZE");
        assertThat(FeatureNames.of(DeviceKind.VSOCK, 1)).containsExactly("VIRTIO_VSOCK_F_STREAM");
    }

    @Test
    void bitWithoutANameIsANumber() {
        assertThat(FeatureNames.of(DeviceKind.RNG, 1 | 1L << 63)).containsExactly("BIT_0", "BIT_63");
        assertThat(FeatureNames.of(DeviceKind.BALLOON, 0)).isEmpty();
    }
}
