package org.kvmbeans.virtio.queue;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;

/**
 * One part of a ring in guest memory, checked once, then accessed at offsets.
 *
 * <p>Every access is aligned to its size, so that it is one load or store of the CPU; the order of accesses is the caller's.
 */
final class RingMemory {
    private static final int SHORT_MASK = 0xFFFF;
    private static final long INT_MASK = 0xFFFF_FFFFL;

    private final GuestMemory memory;
    private final long gpa;
    /** The whole part; null where it straddles two of the memory's buffers. */
    private final @Nullable ByteBuffer view;

    private RingMemory(GuestMemory memory, long gpa, @Nullable ByteBuffer view) {
        this.memory = memory;
        this.gpa = gpa;
        this.view = view;
    }

    /**
     * Checks that a part of a ring lies in RAM.
     *
     * @param what its name, for the exception
     * @param alignment bytes, a power of two (virtio 1.2, 2.7 and 2.8.10.1)
     * @throws VirtQueueException where it does not, or is not aligned
     */
    static RingMemory of(GuestMemory memory, String what, long gpa, int lengthBytes, int alignment) {
        if (!memory.contains(gpa, lengthBytes)) {
            throw new VirtQueueException("%s of %d bytes at 0x%x is not all RAM".formatted(what, lengthBytes, gpa));
        }
        if ((gpa & (alignment - 1)) != 0) {
            throw new VirtQueueException("%s at 0x%x is not aligned to %d bytes".formatted(what, gpa, alignment));
        }
        return new RingMemory(memory, gpa, memory.view(gpa, lengthBytes));
    }

    int getShort(int offset) {
        return SHORT_MASK & (view != null ? view.getShort(offset) : memory.getShort(gpa + offset));
    }

    int getInt(int offset) {
        return view != null ? view.getInt(offset) : memory.getInt(gpa + offset);
    }

    long getUnsignedInt(int offset) {
        return getInt(offset) & INT_MASK;
    }

    long getLong(int offset) {
        return view != null ? view.getLong(offset) : memory.getLong(gpa + offset);
    }

    void putShort(int offset, int value) {
        if (view != null) {
            view.putShort(offset, (short) value);
        } else {
            memory.putShort(gpa + offset, (short) value);
        }
    }

    void putInt(int offset, int value) {
        if (view != null) {
            view.putInt(offset, value);
        } else {
            memory.putInt(gpa + offset, value);
        }
    }
}
