package org.kvmbeans.virtio.queue;

import org.kvmbeans.memory.GuestMemory;

/**
 * One request of the driver: what the device may read, then what it may write. Belongs to its queue, which uses it again
 * after {@link VirtQueue#push}.
 */
public final class DescriptorChain {
    private final GuestBuffers readable;
    private final GuestBuffers writable;
    private int id;
    private int descriptors;

    DescriptorChain(GuestMemory memory) {
        readable = new GuestBuffers(memory);
        writable = new GuestBuffers(memory);
    }

    void reset(int newId) {
        id = newId;
        descriptors = 0;
        readable.clear();
        writable.clear();
    }

    /** Adds what one descriptor says; writable ones come last (virtio 1.2, 2.7.4.2). */
    void add(long gpa, long lengthBytes, boolean deviceWrites) {
        if (deviceWrites) {
            writable.add(gpa, lengthBytes);
        } else if (writable.count() > 0) {
            throw new VirtQueueException("a readable descriptor after a writable one");
        } else {
            readable.add(gpa, lengthBytes);
        }
    }

    /** The id by which the ring knows it: the first descriptor's index, or a packed ring's buffer id. */
    int id() {
        return id;
    }

    /** How many entries of the ring it takes; counts only for packed rings. */
    int descriptors() {
        return descriptors;
    }

    void descriptors(int count) {
        descriptors = count;
    }

    /** What the device may read. */
    public GuestBuffers readable() {
        return readable;
    }

    /** What the device may write. */
    public GuestBuffers writable() {
        return writable;
    }
}
