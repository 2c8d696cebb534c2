package org.kvmbeans.virtio.queue;

import org.jspecify.annotations.Nullable;

/**
 * The order of VIRTIO_F_IN_ORDER: chains go back as they came (virtio 1.2, 2.7.9 and 2.8.9).
 *
 * <p>Chains that are done early wait for those before them. Several that go back together are written as one used element,
 * the last one's; the driver takes those before it for used completely, so only such ones are left out.
 */
final class InOrder {
    private final DescriptorChain[] chains;
    private int first;
    private int count;

    /** A run of chains that one used element will stand for; none where it has no entries. */
    private int runEntries;

    private int lastId;
    private long lastWrittenBytes;
    private boolean lastUsedCompletely;

    InOrder(int size) {
        chains = new DescriptorChain[size];
    }

    void add(DescriptorChain chain) {
        chains[(first + count) % chains.length] = chain;
        count++;
    }

    void removeLast() {
        count--;
    }

    /** Takes the oldest chain where it is done, and makes it part of the run. */
    @Nullable
    DescriptorChain nextDone(RingQueue queue) {
        if (count == 0 || !chains[first].isDone()) {
            return null;
        }
        DescriptorChain chain = chains[first];
        first = (first + 1) % chains.length;
        count--;
        if (!lastUsedCompletely) {
            flush(queue);
        }
        runEntries += chain.entries();
        lastId = chain.id();
        lastWrittenBytes = chain.writtenBytes();
        lastUsedCompletely = lastWrittenBytes == chain.writable().totalBytes();
        return chain;
    }

    /** Writes the run to the ring. */
    void flush(RingQueue queue) {
        if (runEntries > 0) {
            queue.use(lastId, lastWrittenBytes, runEntries);
            runEntries = 0;
        }
    }
}
