package org.kvmbeans.virtio.spi;

/** Feature bits that belong to no device type (virtio 1.2, 6). */
public final class VirtioFeatures {
    /** VIRTIO_F_INDIRECT_DESC: descriptors may point to tables of descriptors. */
    public static final long INDIRECT_DESCRIPTORS = 1L << 28;
    /** VIRTIO_F_EVENT_IDX: both sides say at which index they want to hear. */
    public static final long EVENT_INDEX = 1L << 29;
    /** VIRTIO_F_VERSION_1: the standard, as against what came before it. */
    public static final long VERSION_1 = 1L << 32;
    /** VIRTIO_F_RING_PACKED: queues are packed. */
    public static final long PACKED_RING = 1L << 34;
    /** VIRTIO_F_IN_ORDER: buffers are used in the order in which they were made available. */
    public static final long IN_ORDER = 1L << 35;
    /** VIRTIO_F_RING_RESET: a queue may be reset by itself. */
    public static final long RING_RESET = 1L << 40;

    /** What a device offers whose queues are served by our own rings. */
    public static final long RING = INDIRECT_DESCRIPTORS | EVENT_INDEX | PACKED_RING;

    private VirtioFeatures() {}
}
