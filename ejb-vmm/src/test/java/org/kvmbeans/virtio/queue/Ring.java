package org.kvmbeans.virtio.queue;

import org.kvmbeans.virtio.spi.VirtioFeatures;

/** Every kind of ring that tests run on. */
enum Ring {
    SPLIT(0),
    SPLIT_EVENT_INDEX(VirtioFeatures.EVENT_INDEX),
    SPLIT_IN_ORDER(VirtioFeatures.EVENT_INDEX | VirtioFeatures.IN_ORDER),
    PACKED(VirtioFeatures.PACKED_RING),
    PACKED_EVENT_INDEX(VirtioFeatures.PACKED_RING | VirtioFeatures.EVENT_INDEX),
    PACKED_IN_ORDER(VirtioFeatures.PACKED_RING | VirtioFeatures.EVENT_INDEX | VirtioFeatures.IN_ORDER);

    private final long format;

    Ring(long format) {
        this.format = format;
    }

    long features() {
        return VirtioFeatures.VERSION_1 | VirtioFeatures.INDIRECT_DESCRIPTORS | format;
    }

    boolean packed() {
        return (format & VirtioFeatures.PACKED_RING) != 0;
    }

    boolean eventIndex() {
        return (format & VirtioFeatures.EVENT_INDEX) != 0;
    }

    boolean inOrder() {
        return (format & VirtioFeatures.IN_ORDER) != 0;
    }
}
