package org.kvmbeans.export;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.kvmbeans.machine.device.DeviceKind;

/** The names that virtio 1.2 gives to feature bits: those of every device (6) and those of each kind (5.1 to 5.10). */
final class FeatureNames {
    private static final Map<Integer, String> COMMON = Map.ofEntries(
            Map.entry(28, "VIRTIO_F_INDIRECT_DESC"),
            Map.entry(29, "VIRTIO_F_EVENT_IDX"),
            Map.entry(32, "VIRTIO_F_VERSION_1"),
            Map.entry(33, "VIRTIO_F_ACCESS_PLATFORM"),
            Map.entry(34, "VIRTIO_F_RING_PACKED"),
            Map.entry(35, "VIRTIO_F_IN_ORDER"),
            Map.entry(36, "VIRTIO_F_ORDER_PLATFORM"),
            Map.entry(37, "VIRTIO_F_SR_IOV"),
            Map.entry(38, "VIRTIO_F_NOTIFICATION_DATA"),
            Map.entry(39, "VIRTIO_F_NOTIF_CONFIG_DATA"),
            Map.entry(40, "VIRTIO_F_RING_RESET"));

    private static final Map<Integer, String> BLOCK = Map.ofEntries(
            Map.entry(1, "VIRTIO_BLK_F_SIZE_MAX"),
            Map.entry(2, "VIRTIO_BLK_F_SEG_MAX"),
            Map.entry(4, "VIRTIO_BLK_F_GEOMETRY"),
            Map.entry(5, "VIRTIO_BLK_F_RO"),
            Map.entry(6, "VIRTIO_BLK_F_BLK_SIZE"),
            Map.entry(9, "VIRTIO_BLK_F_FLUSH"),
            Map.entry(10, "VIRTIO_BLK_F_TOPOLOGY"),
            Map.entry(11, "VIRTIO_BLK_F_CONFIG_WCE"),
            Map.entry(12, "VIRTIO_BLK_F_MQ"),
            Map.entry(13, "VIRTIO_BLK_F_DISCARD"),
            Map.entry(14, "VIRTIO_BLK_F_WRITE_ZEROES"),
            Map.entry(15, "VIRTIO_BLK_F_LIFETIME"),
            Map.entry(16, "VIRTIO_BLK_F_SECURE_ERASE"));

    private static final Map<Integer, String> NET = Map.ofEntries(
            Map.entry(0, "VIRTIO_NET_F_CSUM"),
            Map.entry(1, "VIRTIO_NET_F_GUEST_CSUM"),
            Map.entry(2, "VIRTIO_NET_F_CTRL_GUEST_OFFLOADS"),
            Map.entry(3, "VIRTIO_NET_F_MTU"),
            Map.entry(5, "VIRTIO_NET_F_MAC"),
            Map.entry(7, "VIRTIO_NET_F_GUEST_TSO4"),
            Map.entry(8, "VIRTIO_NET_F_GUEST_TSO6"),
            Map.entry(9, "VIRTIO_NET_F_GUEST_ECN"),
            Map.entry(10, "VIRTIO_NET_F_GUEST_UFO"),
            Map.entry(11, "VIRTIO_NET_F_HOST_TSO4"),
            Map.entry(12, "VIRTIO_NET_F_HOST_TSO6"),
            Map.entry(13, "VIRTIO_NET_F_HOST_ECN"),
            Map.entry(14, "VIRTIO_NET_F_HOST_UFO"),
            Map.entry(15, "VIRTIO_NET_F_MRG_RXBUF"),
            Map.entry(16, "VIRTIO_NET_F_STATUS"),
            Map.entry(17, "VIRTIO_NET_F_CTRL_VQ"),
            Map.entry(18, "VIRTIO_NET_F_CTRL_RX"),
            Map.entry(19, "VIRTIO_NET_F_CTRL_VLAN"),
            Map.entry(21, "VIRTIO_NET_F_GUEST_ANNOUNCE"),
            Map.entry(22, "VIRTIO_NET_F_MQ"),
            Map.entry(23, "VIRTIO_NET_F_CTRL_MAC_ADDR"),
            Map.entry(54, "VIRTIO_NET_F_GUEST_USO4"),
            Map.entry(55, "VIRTIO_NET_F_GUEST_USO6"),
            Map.entry(56, "VIRTIO_NET_F_HOST_USO"),
            Map.entry(57, "VIRTIO_NET_F_HASH_REPORT"),
            Map.entry(59, "VIRTIO_NET_F_GUEST_HDRLEN"),
            Map.entry(60, "VIRTIO_NET_F_RSS"),
            Map.entry(61, "VIRTIO_NET_F_RSC_EXT"),
            Map.entry(62, "VIRTIO_NET_F_STANDBY"),
            Map.entry(63, "VIRTIO_NET_F_SPEED_DUPLEX"));

    private static final Map<Integer, String> CONSOLE =
            Map.of(0, "VIRTIO_CONSOLE_F_SIZE", 1, "VIRTIO_CONSOLE_F_MULTIPORT", 2, "VIRTIO_CONSOLE_F_EMERG_WRITE");

    private static final Map<Integer, String> BALLOON = Map.of(
            0, "VIRTIO_BALLOON_F_MUST_TELL_HOST",
            1, "VIRTIO_BALLOON_F_STATS_VQ",
            2, "VIRTIO_BALLOON_F_DEFLATE_ON_OOM",
            3, "VIRTIO_BALLOON_F_FREE_PAGE_HINT",
            4, "VIRTIO_BALLOON_F_PAGE_POISON",
            5, "VIRTIO_BALLOON_F_PAGE_REPORTING");

    private static final Map<Integer, String> VSOCK = Map.of(0, "VIRTIO_VSOCK_F_STREAM", 1, "VIRTIO_VSOCK_F_SEQPACKET");

    private FeatureNames() {}

    /** The names of the bits that are set, lowest first; one that virtio 1.2 does not name is {@code BIT_n}. */
    static String[] of(DeviceKind kind, long features) {
        Map<Integer, String> own = switch (kind) {
            case DISK -> BLOCK;
            case NIC -> NET;
            case CONSOLE -> CONSOLE;
            case BALLOON -> BALLOON;
            case VSOCK -> VSOCK;
            case RNG -> Map.of();
        };
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            if ((features & 1L << bit) != 0) {
                names.add(own.getOrDefault(bit, COMMON.getOrDefault(bit, "BIT_" + bit)));
            }
        }
        return names.toArray(String[]::new);
    }
}
