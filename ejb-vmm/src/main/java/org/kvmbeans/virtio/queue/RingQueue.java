package org.kvmbeans.virtio.queue;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** What split and packed queues share: chains that are out, and the order in which they come back. */
abstract class RingQueue implements VirtQueue {
    private static final int MAX_SIZE = 1 << 15;

    final GuestMemory memory;
    final int size;
    final boolean eventIndex;
    final boolean indirect;

    private final @Nullable InOrder order;
    /** Chains that are not out: a stack, so that the ones used last, which the CPU still caches, come first. */
    private final DescriptorChain[] idle;

    private int idleCount;
    /** Chains taken, less those undone: the number of the next one. */
    private long takenCount;

    RingQueue(DeviceContext context, QueueSetup setup) {
        memory = context.memory();
        size = setup.size();
        if (size < 1 || size > MAX_SIZE) {
            throw new VirtQueueException("a queue of " + size + " entries: 1 to " + MAX_SIZE + " are possible");
        }
        eventIndex = context.has(VirtioFeatures.EVENT_INDEX);
        indirect = context.has(VirtioFeatures.INDIRECT_DESCRIPTORS);
        order = context.has(VirtioFeatures.IN_ORDER) ? new InOrder(size) : null;
        idle = new DescriptorChain[size];
    }

    /** Takes back the ring's entries of the chain taken last, which is {@code chain}. */
    abstract void untake(DescriptorChain chain);

    /** Frees what the ring holds for a chain; it is written to the ring by {@link #use} now or later. */
    abstract void release(DescriptorChain chain);

    /** Writes one used element, and moves on by {@code entries}: more than the chain has where it stands for others too. */
    abstract void use(int id, long writtenBytes, int entries);

    /** Shows the driver what {@link #use} wrote; whether it wants an interrupt. */
    abstract boolean show();

    /** A chain to fill, empty. */
    final DescriptorChain blank() {
        DescriptorChain chain = idleCount == 0 ? new DescriptorChain(memory) : idle[--idleCount];
        chain.reset();
        return chain;
    }

    final DescriptorChain taken(DescriptorChain chain, int id, int entries) {
        chain.take(id, entries, takenCount++);
        if (order != null) {
            order.add(chain);
        }
        return chain;
    }

    @Override
    public final int size() {
        return size;
    }

    @Override
    public final void undoPop(DescriptorChain chain) {
        if (chain.number() != takenCount - 1) {
            throw new IllegalStateException("only the chain taken last can be undone");
        }
        chain.giveBack();
        takenCount--;
        if (order != null) {
            order.removeLast();
        }
        untake(chain);
        release(chain);
        idle[idleCount++] = chain;
    }

    @Override
    public final void push(DescriptorChain chain, long writtenBytes) {
        if (writtenBytes < 0 || writtenBytes > chain.writable().totalBytes()) {
            throw new IllegalArgumentException(writtenBytes + " bytes written to a chain that has room for "
                    + chain.writable().totalBytes());
        }
        chain.giveBack();
        if (order == null) {
            finish(chain);
            use(chain.id(), writtenBytes, chain.entries());
        } else {
            chain.done(writtenBytes);
            for (DescriptorChain next = order.nextDone(this); next != null; next = order.nextDone(this)) {
                finish(next);
            }
        }
    }

    private void finish(DescriptorChain chain) {
        release(chain);
        idle[idleCount++] = chain;
    }

    @Override
    public final boolean publish() {
        if (order != null) {
            order.flush(this);
        }
        return show();
    }
}
