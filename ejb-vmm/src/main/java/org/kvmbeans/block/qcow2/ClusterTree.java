package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * All that an L1 table leads to: walked when a snapshot is made, applied or deleted, while no request is in progress and
 * nothing is changed that is not in the storage. Used by one thread at a time, without locks.
 */
final class ClusterTree {
    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final StorageBuffer table;

    ClusterTree(Metadata metadata) {
        this.metadata = metadata;
        layout = metadata.layout;
        table = new StorageBuffer(metadata.posix, layout.clusterBytes());
    }

    /** What is done with a stretch of clusters of the storage; called with the metadata's lock. */
    @FunctionalInterface
    interface Visitor {
        void clusters(long first, long count) throws IOException;
    }

    /** Visits every cluster as often as there are references to it: L2 tables, and what they point to. */
    void walk(long[] l1, Visitor visitor) throws IOException {
        for (long entry : l1) {
            long offset = tableOffset(entry);
            if (offset == 0) {
                continue;
            }
            table.read(metadata.storage, offset, 0, table.capacity());
            metadata.lock.lock();
            try {
                visitTable(visitor);
                visitor.clusters(offset >>> layout.clusterBits(), 1);
            } finally {
                metadata.lock.unlock();
            }
            metadata.writeBack.prepare(0);
        }
    }

    private long tableOffset(long l1Entry) throws IOException {
        long offset = l1Entry & Qcow2Layout.L1_OFFSET_MASK;
        if (offset != 0 && (!layout.aligned(offset) || offset >= metadata.storage.sizeBytes())) {
            throw metadata.corruption.of(
                    "an L1 entry points to byte " + offset + ", no cluster boundary within the file");
        }
        return offset;
    }

    private void visitTable(Visitor visitor) throws IOException {
        ByteBuffer bytes = table.bytes();
        long runFirst = 0;
        long runCount = 0;
        for (int at = 0; at < table.capacity(); at += layout.l2EntryBytes()) {
            long entry = bytes.getLong(at);
            long first;
            long count;
            if ((entry & Qcow2Layout.COMPRESSED) != 0) {
                long offset = layout.compressedOffset(entry);
                first = offset >>> layout.clusterBits();
                count = ((offset + layout.compressedBytes(entry) - 1) >>> layout.clusterBits()) - first + 1;
            } else {
                long offset = entry & Qcow2Layout.L2_OFFSET_MASK;
                if (!layout.aligned(offset)) {
                    throw metadata.corruption.of("an L2 entry points to byte " + offset + ", no cluster boundary");
                }
                first = offset >>> layout.clusterBits();
                count = offset == 0 ? 0 : 1;
            }
            if (count > 0 && runCount > 0 && first == runFirst + runCount) {
                runCount += count;
            } else if (count > 0) {
                visit(visitor, runFirst, runCount);
                runFirst = first;
                runCount = count;
            }
        }
        visit(visitor, runFirst, runCount);
    }

    private static void visit(Visitor visitor, long first, long count) throws IOException {
        if (count > 0) {
            visitor.clusters(first, count);
        }
    }

    /** Has the active table and the tables below it say which of their clusters nothing else refers to. */
    void refreshActive() throws IOException {
        FlatTable l1 = metadata.map.l1();
        for (int index = 0; index < l1.length(); index++) {
            long offset = tableOffset(l1.get(index));
            if (offset == 0) {
                continue;
            }
            metadata.lock.lock();
            try {
                boolean own = metadata.refcounts.get(offset >>> layout.clusterBits()) == 1;
                long entry = own ? offset | Qcow2Layout.COPIED : offset;
                if (entry != l1.get(index)) {
                    l1.set(index, entry);
                }
                refreshTable(offset);
            } finally {
                metadata.lock.unlock();
            }
            metadata.writeBack.prepare(0);
        }
    }

    private void refreshTable(long offset) throws IOException {
        SliceCache cache = metadata.map.cache();
        for (long at = offset; at < offset + layout.clusterBytes(); at += cache.sliceBytes()) {
            Slice slice = cache.get(at);
            for (int position = 0; position < cache.sliceBytes(); position += layout.l2EntryBytes()) {
                long entry = slice.bytes().getLong(position);
                long host = entry & Qcow2Layout.L2_OFFSET_MASK;
                if ((entry & Qcow2Layout.COMPRESSED) != 0 || host == 0) {
                    continue;
                }
                boolean own = metadata.refcounts.get(host >>> layout.clusterBits()) == 1;
                long refreshed = own ? entry | Qcow2Layout.COPIED : entry & ~Qcow2Layout.COPIED;
                if (refreshed != entry) {
                    cache.change(slice).putLong(position, refreshed);
                }
            }
        }
    }
}
