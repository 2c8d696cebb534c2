package org.kvmbeans.virtio.queue;

import static org.kvmbeans.virtio.queue.DescriptorFlags.DESCRIPTOR_BYTES;
import static org.kvmbeans.virtio.queue.DescriptorFlags.INDIRECT;
import static org.kvmbeans.virtio.queue.DescriptorFlags.NEXT;
import static org.kvmbeans.virtio.queue.DescriptorFlags.WRITE;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;

/**
 * A packed virtqueue (virtio 1.2, 2.8): one ring that both sides write, and for each side a word that says when it wants
 * to hear of the other. Used by one thread at a time.
 */
final class PackedQueue extends RingQueue {
    private static final long INT_MASK = 0xFFFF_FFFFL;

    // A descriptor: 64 bits of address, 32 of length, 16 of buffer id, 16 of flags.
    private static final int LENGTH = 8;
    private static final int ID = 12;
    private static final int FLAGS = 14;

    private static final int AVAILABLE = 1 << 7;
    private static final int USED = 1 << 15;

    // Event suppression: 15 bits of ring position, the wrap counter, 16 bits of flags (virtio 1.2, 2.8.14).
    private static final int EVENT_BYTES = 4;
    private static final int EVENT_POSITION_MASK = 0x7FFF;
    private static final int EVENT_WRAP = 1 << 15;
    private static final int EVENT_FLAGS_SHIFT = 16;
    private static final int EVENT_FLAGS_MASK = 3;
    private static final int EVENT_ENABLE = 0;
    private static final int EVENT_DISABLE = 1;
    private static final int EVENT_AT_POSITION = 2;

    private final RingMemory ring;
    private final RingMemory driverEvent;
    private final RingMemory deviceEvent;

    private int nextAvailable;
    private boolean availableWrap = true;
    private int nextUsed;
    private boolean usedWrap = true;

    /** Entries of the chains that are out. */
    private int entriesOut;

    /** Entries used since the last {@link #show}, and the flags of the first of them, written last. */
    private int unshownEntries;

    private int firstUnshown;
    private int firstFlags;

    /** @throws VirtQueueException where the ring is not all in RAM, not aligned or of an impossible size */
    PackedQueue(DeviceContext context, QueueSetup setup) {
        super(context, setup);
        ring = RingMemory.of(
                memory, "the descriptor ring", setup.descriptorGpa(), DESCRIPTOR_BYTES * size, DESCRIPTOR_BYTES);
        driverEvent =
                RingMemory.of(memory, "the driver's event suppression", setup.driverGpa(), EVENT_BYTES, EVENT_BYTES);
        deviceEvent =
                RingMemory.of(memory, "the device's event suppression", setup.deviceGpa(), EVENT_BYTES, EVENT_BYTES);
    }

    @Override
    public @Nullable DescriptorChain pop() {
        int flags = ring.getShort(nextAvailable * DESCRIPTOR_BYTES + FLAGS);
        if (!isAvailable(flags)) {
            return null;
        }
        // Pairs with the driver's write barrier before it writes the flags of a chain's first descriptor.
        VarHandle.acquireFence();
        DescriptorChain chain = blank();
        int position = nextAvailable;
        int entries = 0;
        int id;
        do {
            if (entries == size) {
                throw new VirtQueueException("a chain longer than the queue of " + size + " entries");
            }
            int offset = position * DESCRIPTOR_BYTES;
            if (entries > 0) {
                flags = ring.getShort(offset + FLAGS);
            }
            readDescriptor(chain, offset, flags);
            id = ring.getShort(offset + ID);
            entries++;
            position = position + 1 == size ? 0 : position + 1;
        } while ((flags & NEXT) != 0);
        if (entries > size - entriesOut) {
            throw new VirtQueueException("more descriptors made available than the queue of " + size + " entries has");
        }
        entriesOut += entries;
        moveAvailable(entries);
        return taken(chain, id, entries);
    }

    private boolean isAvailable(int flags) {
        return (flags & (AVAILABLE | USED)) == (availableWrap ? AVAILABLE : USED);
    }

    private void readDescriptor(DescriptorChain chain, int offset, int flags) {
        long gpa = ring.getLong(offset);
        long lengthBytes = ring.getUnsignedInt(offset + LENGTH);
        if ((flags & INDIRECT) != 0) {
            readTable(chain, gpa, DescriptorFlags.tableEntries(flags, lengthBytes, indirect));
        } else {
            chain.add(gpa, lengthBytes, (flags & WRITE) != 0);
        }
    }

    /** Reads an indirect table: all of it is the chain, and of its flags only WRITE has a meaning (virtio 1.2, 2.8.7). */
    private void readTable(DescriptorChain chain, long tableGpa, int entries) {
        if (!memory.contains(tableGpa, (long) entries * DESCRIPTOR_BYTES)) {
            throw new VirtQueueException(
                    "an indirect table of %d descriptors at 0x%x, which is not all RAM".formatted(entries, tableGpa));
        }
        for (int i = 0; i < entries; i++) {
            long at = tableGpa + (long) i * DESCRIPTOR_BYTES;
            long gpa = memory.getLong(at);
            long rest = memory.getLong(at + LENGTH);
            int flags = (int) (rest >>> 48);
            if ((flags & INDIRECT) != 0) {
                throw new VirtQueueException("an indirect descriptor in an indirect table");
            }
            chain.add(gpa, rest & INT_MASK, (flags & WRITE) != 0);
        }
    }

    private void moveAvailable(int entries) {
        nextAvailable += entries;
        if (nextAvailable >= size) {
            nextAvailable -= size;
            availableWrap = !availableWrap;
        } else if (nextAvailable < 0) {
            nextAvailable += size;
            availableWrap = !availableWrap;
        }
    }

    @Override
    void untake(DescriptorChain chain) {
        moveAvailable(-chain.entries());
    }

    @Override
    void release(DescriptorChain chain) {
        entriesOut -= chain.entries();
    }

    @Override
    void use(int id, long writtenBytes, int entries) {
        int offset = nextUsed * DESCRIPTOR_BYTES;
        int flags = (writtenBytes > 0 ? WRITE : 0) | (usedWrap ? AVAILABLE | USED : 0);
        ring.putInt(offset + LENGTH, (int) writtenBytes);
        ring.putShort(offset + ID, id);
        // The driver goes through the ring in order: it sees none of them before the first one's flags.
        if (unshownEntries == 0) {
            firstUnshown = offset + FLAGS;
            firstFlags = flags;
        } else {
            ring.putShort(offset + FLAGS, flags);
        }
        unshownEntries += entries;
        nextUsed += entries;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    @Override
    boolean show() {
        int entries = unshownEntries;
        if (entries == 0) {
            return false;
        }
        unshownEntries = 0;
        // Pairs with the driver's read barrier between reading the flags and reading the rest and what we wrote for it.
        VarHandle.releaseFence();
        ring.putShort(firstUnshown, firstFlags);
        // Pairs with the driver's full barrier between asking for interrupts and looking at the flags once more: either
        // we see that it asks, or it sees the flags.
        VarHandle.fullFence();
        return wantsInterrupt(driverEvent.getInt(0), entries);
    }

    /** Whether the driver wants to hear of the last {@code entries} entries used. */
    private boolean wantsInterrupt(int event, int entries) {
        int flags = (event >>> EVENT_FLAGS_SHIFT) & EVENT_FLAGS_MASK;
        if (flags != EVENT_AT_POSITION || !eventIndex) {
            return flags != EVENT_DISABLE;
        }
        // Positions of the lap before count from -size on, so that a batch that wrapped is one range.
        boolean thisLap = ((event & EVENT_WRAP) != 0) == usedWrap;
        int position = (event & EVENT_POSITION_MASK) - (thisLap ? 0 : size);
        return position >= nextUsed - entries && position < nextUsed;
    }

    @Override
    public void disableNotifications() {
        deviceEvent.putInt(0, EVENT_DISABLE << EVENT_FLAGS_SHIFT);
    }

    @Override
    public boolean enableNotifications() {
        int event = eventIndex
                ? EVENT_AT_POSITION << EVENT_FLAGS_SHIFT | (availableWrap ? EVENT_WRAP : 0) | nextAvailable
                : EVENT_ENABLE << EVENT_FLAGS_SHIFT;
        deviceEvent.putInt(0, event);
        // Pairs with the driver's full barrier between writing flags and reading whether to notify: either it sees that
        // we ask, or we see the flags.
        VarHandle.fullFence();
        return isAvailable(ring.getShort(nextAvailable * DESCRIPTOR_BYTES + FLAGS));
    }
}
