package org.kvmbeans.virtio.net;

/** Feature bits of network devices (virtio 1.2, 5.1.3). */
public final class NetFeatures {
    /** VIRTIO_NET_F_CSUM: the device completes checksums of packets that the guest sends. */
    public static final long CSUM = 1L;
    /** VIRTIO_NET_F_GUEST_CSUM: the guest takes packets whose checksum is yet to be completed. */
    public static final long GUEST_CSUM = 1L << 1;
    /** VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: the guest may switch its offloads while it runs. */
    public static final long CTRL_GUEST_OFFLOADS = 1L << 2;
    /** VIRTIO_NET_F_MTU: the configuration names the MTU. */
    public static final long MTU = 1L << 3;
    /** VIRTIO_NET_F_MAC: the configuration names the MAC address. */
    public static final long MAC = 1L << 5;
    /** VIRTIO_NET_F_GUEST_TSO4: the guest takes TCP segments over IPv4 larger than the MTU. */
    public static final long GUEST_TSO4 = 1L << 7;
    /** VIRTIO_NET_F_GUEST_TSO6: as {@link #GUEST_TSO4}, over IPv6. */
    public static final long GUEST_TSO6 = 1L << 8;
    /** VIRTIO_NET_F_GUEST_ECN: such segments may have congestion notification. */
    public static final long GUEST_ECN = 1L << 9;
    /** VIRTIO_NET_F_GUEST_UFO: the guest takes UDP datagrams larger than the MTU. */
    public static final long GUEST_UFO = 1L << 10;
    /** VIRTIO_NET_F_HOST_TSO4: the guest may send TCP segments over IPv4 larger than the MTU. */
    public static final long HOST_TSO4 = 1L << 11;
    /** VIRTIO_NET_F_HOST_TSO6: as {@link #HOST_TSO4}, over IPv6. */
    public static final long HOST_TSO6 = 1L << 12;
    /** VIRTIO_NET_F_HOST_ECN: such segments may have congestion notification. */
    public static final long HOST_ECN = 1L << 13;
    /** VIRTIO_NET_F_HOST_UFO: the guest may send UDP datagrams larger than the MTU. */
    public static final long HOST_UFO = 1L << 14;
    /** VIRTIO_NET_F_MRG_RXBUF: a packet may fill several receive buffers. */
    public static final long MRG_RXBUF = 1L << 15;
    /** VIRTIO_NET_F_STATUS: the configuration tells whether the link is up. */
    public static final long STATUS = 1L << 16;
    /** VIRTIO_NET_F_CTRL_VQ: there is a control queue. */
    public static final long CTRL_VQ = 1L << 17;
    /** VIRTIO_NET_F_CTRL_RX: the control queue takes receive filters. */
    public static final long CTRL_RX = 1L << 18;
    /** VIRTIO_NET_F_GUEST_ANNOUNCE: the device may ask the guest to announce its addresses. */
    public static final long GUEST_ANNOUNCE = 1L << 21;
    /** VIRTIO_NET_F_MQ: there is more than one pair of queues. */
    public static final long MQ = 1L << 22;
    /** VIRTIO_NET_F_CTRL_MAC_ADDR: the control queue takes another MAC address. */
    public static final long CTRL_MAC_ADDR = 1L << 23;

    /** What the guest may be given: the offloads that {@link #CTRL_GUEST_OFFLOADS} switches. */
    public static final long GUEST_OFFLOADS = GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN | GUEST_UFO;
    /** What the guest may send. */
    public static final long HOST_OFFLOADS = CSUM | HOST_TSO4 | HOST_TSO6 | HOST_ECN | HOST_UFO;

    private NetFeatures() {}
}
