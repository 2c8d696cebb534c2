package org.kvmbeans.virtio.queue;

/** Bits of a descriptor's flags that both formats of rings share (virtio 1.2, 2.7.5 and 2.8.1), and bounds on chains. */
final class DescriptorFlags {
    /** Bytes of a descriptor, in a ring and in an indirect table. */
    static final int DESCRIPTOR_BYTES = 16;

    /** VIRTQ_DESC_F_NEXT: the chain goes on. */
    static final int NEXT = 1;
    /** VIRTQ_DESC_F_WRITE: the device writes to it; otherwise it reads. */
    static final int WRITE = 2;
    /** VIRTQ_DESC_F_INDIRECT: it holds a table of descriptors. */
    static final int INDIRECT = 4;

    private DescriptorFlags() {}

    /**
     * Checks a descriptor that holds an indirect table.
     *
     * @return how many entries the table has
     */
    static int tableEntries(int flags, long lengthBytes, boolean negotiated) {
        if (!negotiated) {
            throw new VirtQueueException("an indirect descriptor, which was not negotiated");
        }
        if ((flags & NEXT) != 0) {
            throw new VirtQueueException("an indirect descriptor with a next one");
        }
        if (lengthBytes == 0 || lengthBytes % DESCRIPTOR_BYTES != 0) {
            throw new VirtQueueException(
                    "an indirect table of " + lengthBytes + " bytes: it holds one or more descriptors of 16 bytes");
        }
        long entries = lengthBytes / DESCRIPTOR_BYTES;
        if (entries > DescriptorChain.MAX_DESCRIPTORS) {
            throw new VirtQueueException("an indirect table of " + entries + " descriptors: at most "
                    + DescriptorChain.MAX_DESCRIPTORS + " are served");
        }
        return (int) entries;
    }
}
