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
 * A split virtqueue (virtio 1.2, 2.7): a table of descriptors, a ring of those available, a ring of those used. Used by
 * one thread at a time.
 */
final class SplitQueue extends RingQueue {
    private static final int INDEX_MASK = 0xFFFF;
    private static final long INT_MASK = 0xFFFF_FFFFL;

    // Both rings start with flags and an index, and end with the other side's event.
    private static final int FLAGS = 0;
    private static final int INDEX = 2;
    private static final int ENTRIES = 4;
    private static final int AVAILABLE_BYTES = 2;
    private static final int USED_BYTES = 8;
    private static final int EVENT_BYTES = 2;

    private static final int AVAILABLE_NO_INTERRUPT = 1;
    private static final int USED_NO_NOTIFY = 1;

    private final RingMemory descriptors;
    private final RingMemory available;
    private final RingMemory used;
    private final int usedEvent;
    private final int availableEvent;
    private final boolean[] out;

    /** Index of the next chain to take. */
    private int nextAvailable;
    /** The driver's index when it was read last: what is before it needs no look at the ring. */
    private int availableSeen;

    private int nextUsed;
    private int usedShown;

    /** @throws VirtQueueException where the ring is not all in RAM, not aligned or of an impossible size */
    SplitQueue(DeviceContext context, QueueSetup setup) {
        super(context, setup);
        if (Integer.bitCount(size) != 1) {
            throw new VirtQueueException("a split queue of " + size + " entries: it must be a power of two");
        }
        usedEvent = ENTRIES + AVAILABLE_BYTES * size;
        availableEvent = ENTRIES + USED_BYTES * size;
        descriptors = RingMemory.of(
                memory, "the descriptor table", setup.descriptorGpa(), DESCRIPTOR_BYTES * size, DESCRIPTOR_BYTES);
        available = RingMemory.of(memory, "the available ring", setup.driverGpa(), usedEvent + EVENT_BYTES, 2);
        used = RingMemory.of(memory, "the used ring", setup.deviceGpa(), availableEvent + EVENT_BYTES, 4);
        out = new boolean[size];
    }

    @Override
    public @Nullable DescriptorChain pop() {
        if (nextAvailable == availableSeen && !lookForAvailable()) {
            return null;
        }
        int head = available.getShort(ENTRIES + AVAILABLE_BYTES * (nextAvailable & (size - 1)));
        checkIndex(head, size);
        if (out[head]) {
            throw new VirtQueueException("descriptor " + head + " made available again before it was used");
        }
        DescriptorChain chain = blank();
        readChain(chain, head);
        out[head] = true;
        nextAvailable = (nextAvailable + 1) & INDEX_MASK;
        return taken(chain, head, 1);
    }

    /** Reads the driver's index; whether chains are available. */
    private boolean lookForAvailable() {
        int index = available.getShort(INDEX);
        int ahead = (index - nextAvailable) & INDEX_MASK;
        if (ahead > size) {
            throw new VirtQueueException("the available index jumped from %d to %d in a queue of %d entries"
                    .formatted(nextAvailable, index, size));
        }
        // Pairs with the driver's write barrier between filling ring entries and descriptors and moving the index.
        VarHandle.acquireFence();
        availableSeen = index;
        return ahead > 0;
    }

    /** Follows a chain through the table; a loop in it is longer than the table. */
    private void readChain(DescriptorChain chain, int head) {
        int index = head;
        for (int count = 1; ; count++) {
            int offset = index * DESCRIPTOR_BYTES;
            long gpa = descriptors.getLong(offset);
            long rest = descriptors.getLong(offset + Long.BYTES);
            int flags = flags(rest);
            if ((flags & INDIRECT) != 0) {
                readTable(chain, gpa, DescriptorFlags.tableEntries(flags, rest & INT_MASK, indirect));
                return;
            }
            chain.add(gpa, rest & INT_MASK, (flags & WRITE) != 0);
            if ((flags & NEXT) == 0) {
                return;
            }
            if (count == size) {
                throw new VirtQueueException("a chain longer than the queue of " + size + " entries, or a loop");
            }
            index = next(rest);
            checkIndex(index, size);
        }
    }

    private void readTable(DescriptorChain chain, long tableGpa, int entries) {
        if (!memory.contains(tableGpa, (long) entries * DESCRIPTOR_BYTES)) {
            throw new VirtQueueException(
                    "an indirect table of %d descriptors at 0x%x, which is not all RAM".formatted(entries, tableGpa));
        }
        int index = 0;
        for (int count = 1; ; count++) {
            long at = tableGpa + (long) index * DESCRIPTOR_BYTES;
            long gpa = memory.getLong(at);
            long rest = memory.getLong(at + Long.BYTES);
            int flags = flags(rest);
            if ((flags & INDIRECT) != 0) {
                throw new VirtQueueException("an indirect descriptor in an indirect table");
            }
            chain.add(gpa, rest & INT_MASK, (flags & WRITE) != 0);
            if ((flags & NEXT) == 0) {
                return;
            }
            if (count == entries) {
                throw new VirtQueueException("a chain longer than its indirect table of " + entries + ", or a loop");
            }
            index = next(rest);
            checkIndex(index, entries);
        }
    }

    // The second half of a descriptor is read at once: 32 bits of length, 16 of flags, 16 of the next index.

    private static int flags(long rest) {
        return (int) (rest >>> 32) & INDEX_MASK;
    }

    private static int next(long rest) {
        return (int) (rest >>> 48);
    }

    private static void checkIndex(int index, int limit) {
        if (index >= limit) {
            throw new VirtQueueException("descriptor " + index + " of a table of " + limit);
        }
    }

    @Override
    void untake(DescriptorChain chain) {
        nextAvailable = (nextAvailable - 1) & INDEX_MASK;
    }

    @Override
    void release(DescriptorChain chain) {
        out[chain.id()] = false;
    }

    @Override
    void use(int id, long writtenBytes, int entries) {
        int offset = ENTRIES + USED_BYTES * (nextUsed & (size - 1));
        used.putInt(offset, id);
        used.putInt(offset + Integer.BYTES, (int) writtenBytes);
        nextUsed = (nextUsed + entries) & INDEX_MASK;
    }

    @Override
    boolean show() {
        int shown = usedShown;
        if (nextUsed == shown) {
            return false;
        }
        // Pairs with the driver's read barrier between reading the index and reading elements and what we wrote for it.
        VarHandle.releaseFence();
        used.putShort(INDEX, nextUsed);
        usedShown = nextUsed;
        // Pairs with the driver's full barrier between asking for interrupts and looking at the index once more: either
        // we see that it asks, or it sees the index.
        VarHandle.fullFence();
        if (eventIndex) {
            int event = available.getShort(usedEvent);
            return ((nextUsed - event - 1) & INDEX_MASK) < ((nextUsed - shown) & INDEX_MASK);
        }
        return (available.getShort(FLAGS) & AVAILABLE_NO_INTERRUPT) == 0;
    }

    @Override
    public void disableNotifications() {
        // With the event index there is nothing to write: the event that was asked for lies behind.
        if (!eventIndex) {
            used.putShort(FLAGS, USED_NO_NOTIFY);
        }
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            used.putShort(availableEvent, nextAvailable);
        } else {
            used.putShort(FLAGS, 0);
        }
        // Pairs with the driver's full barrier between moving the index and reading whether to notify: either it sees
        // that we ask, or we see the index.
        VarHandle.fullFence();
        return available.getShort(INDEX) != nextAvailable;
    }
}
