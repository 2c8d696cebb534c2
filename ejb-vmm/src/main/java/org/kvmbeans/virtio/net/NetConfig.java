package org.kvmbeans.virtio.net;

/** The configuration space of a NIC (virtio 1.2, 5.1.4). May be used from any thread. */
final class NetConfig {
    /** Bytes up to and including the MTU. */
    static final int BYTES = 12;

    private static final int STATUS_OFFSET = 6;
    private static final int PAIRS_OFFSET = 8;
    private static final int MTU_OFFSET = 10;

    private static final int LINK_UP = 0x1;
    private static final int ANNOUNCE = 0x2;

    private final NetOptions options;
    private volatile MacAddress mac;
    private volatile boolean linkUp = true;
    private volatile boolean announceWanted;

    NetConfig(NetOptions options) {
        this.options = options;
        this.mac = options.mac();
    }

    MacAddress mac() {
        return mac;
    }

    void mac(MacAddress newMac) {
        mac = newMac;
    }

    boolean linkUp() {
        return linkUp;
    }

    void linkUp(boolean up) {
        linkUp = up;
    }

    /** Whether the guest is asked to announce its addresses. */
    void announceWanted(boolean wanted) {
        announceWanted = wanted;
    }

    /** As {@link org.kvmbeans.virtio.spi.VirtioDevice#readConfig}. */
    long read(int offset, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << Byte.SIZE) | byteAt((long) offset + i);
        }
        return value;
    }

    private int byteAt(long offset) {
        if (offset >= BYTES) {
            return 0;
        }
        int at = (int) offset;
        if (at < MacAddress.BYTES) {
            return mac.byteAt(at);
        }
        int field = switch (at & ~1) {
            case STATUS_OFFSET -> (linkUp ? LINK_UP : 0) | (announceWanted ? ANNOUNCE : 0);
            case PAIRS_OFFSET -> options.queuePairs();
            case MTU_OFFSET -> options.mtu();
            default -> 0;
        };
        return (field >> ((at & 1) * Byte.SIZE)) & 0xFF;
    }
}
