package org.kvmbeans.mbeans;

/** The layout of a virtqueue in guest memory, as the driver chose it. */
public enum RingFormat {
    /** No driver has chosen one. */
    NONE,
    /** Three areas: descriptor table, available ring, used ring (virtio 1.2, 2.7). */
    SPLIT,
    /** One descriptor ring that both sides write (virtio 1.2, 2.8). */
    PACKED
}
