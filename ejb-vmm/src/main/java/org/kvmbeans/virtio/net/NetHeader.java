package org.kvmbeans.virtio.net;

/**
 * The 12 bytes before each packet in a queue, struct virtio_net_hdr (virtio 1.2, 5.1.6), and how long packets may be.
 */
final class NetHeader {
    /** Bytes of the header. */
    static final int BYTES = 12;
    /** Bytes of an Ethernet header: destination, source, type. */
    static final int ETHERNET_BYTES = 14;
    /** Where in an Ethernet header the source address is. */
    static final int SOURCE_OFFSET = 6;
    /** The longest packet: a segment of 64 KiB behind an Ethernet header, and what tags may add to it. */
    static final int MAX_FRAME_BYTES = 65_562;
    /** Where the header tells how many buffers a received packet fills, 2 bytes. */
    static final int NUM_BUFFERS_OFFSET = 10;

    private static final int FLAGS_OFFSET = 0;
    private static final int GSO_TYPE_OFFSET = 1;
    private static final int HEADER_LENGTH_OFFSET = 2;
    private static final int GSO_SIZE_OFFSET = 4;
    private static final int CHECKSUM_START_OFFSET = 6;
    private static final int CHECKSUM_OFFSET_OFFSET = 8;

    private static final int NEEDS_CHECKSUM = 0x01;
    private static final int GSO_NONE = 0;
    private static final int GSO_TCPV4 = 1;
    private static final int GSO_UDP = 3;
    private static final int GSO_TCPV6 = 4;
    private static final int GSO_ECN = 0x80;
    private static final int CHECKSUM_BYTES = 2;

    private NetHeader() {}

    /**
     * Whether a header of the driver's is one that it may write: of offloads that it accepted, with every offset inside the
     * packet (virtio 1.2, 5.1.6.2).
     *
     * @param bytes the header's bytes, at least {@link #BYTES} of them
     * @param frameBytes the packet's, without the header
     * @param features what the driver accepted
     */
    static boolean isSendable(byte[] bytes, long frameBytes, long features) {
        boolean needsChecksum = (bytes[FLAGS_OFFSET] & NEEDS_CHECKSUM) != 0;
        if (needsChecksum) {
            long end = (long) u16(bytes, CHECKSUM_START_OFFSET) + u16(bytes, CHECKSUM_OFFSET_OFFSET) + CHECKSUM_BYTES;
            if ((features & NetFeatures.CSUM) == 0 || end > frameBytes) {
                return false;
            }
        }
        int gso = bytes[GSO_TYPE_OFFSET] & 0xFF;
        if (gso == GSO_NONE) {
            return true;
        }
        long needed = featureOf(gso & ~GSO_ECN);
        if ((gso & GSO_ECN) != 0) {
            needed |= NetFeatures.HOST_ECN;
        }
        int headerLength = u16(bytes, HEADER_LENGTH_OFFSET);
        int segment = u16(bytes, GSO_SIZE_OFFSET);
        return needed != 0
                && (features & needed) == needed
                && needsChecksum
                && segment > 0
                && segment <= frameBytes - ETHERNET_BYTES
                && headerLength <= frameBytes;
    }

    /** The feature that a kind of large packet needs; all of them, so that it is refused, for a kind that there is not. */
    private static long featureOf(int gsoType) {
        return switch (gsoType) {
            case GSO_TCPV4 -> NetFeatures.HOST_TSO4;
            case GSO_TCPV6 -> NetFeatures.HOST_TSO6;
            case GSO_UDP -> NetFeatures.HOST_UFO;
            default -> -1L;
        };
    }

    private static int u16(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFF) | ((bytes[offset + 1] & 0xFF) << Byte.SIZE);
    }
}
