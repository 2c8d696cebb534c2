package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * Writes an image's structures in an order that a power cut at any point may interrupt.
 *
 * <p>What is changed in memory is written in rounds, one at a time. A round first writes refcounts, and makes them durable
 * together with all data that was written before it; only then does it write the L2 and L1 entries that refer to them. So
 * nothing refers to a cluster that is not counted or has not got its data: what was begun is lost, and leaves at worst a
 * cluster that is counted and not used. References that are given up are the other way round: only when the entry without
 * them is durable is the refcount lowered, and the cluster used again, once no request that began before is still at it.
 */
final class WriteBack {
    private final Metadata metadata;
    private final Qcow2HeaderFile headerFile;
    /** Held for a round; taken before the metadata's lock. */
    private final ReentrantLock round = new ReentrantLock();

    private final FreedClusters freed;
    /** Guarded by the metadata's lock, as the following. */
    private long flushesAsked;

    private long flushesDone;
    /** Whether the dirty bit allows for refcounts that are not written. */
    private volatile boolean lazy;

    private final boolean mayBeLazy;
    private volatile boolean headerUnknown;

    WriteBack(Metadata metadata, Qcow2HeaderFile headerFile) {
        this.metadata = metadata;
        this.headerFile = headerFile;
        freed = new FreedClusters(metadata);
        mayBeLazy = headerFile.header().has(Feature.LAZY_REFCOUNTS);
    }

    Qcow2Header header() {
        return headerFile.header();
    }

    /** A reference to clusters of the storage is given up; called with the metadata's lock. */
    void free(long firstCluster, long clusters, boolean toStorage) {
        freed.add(firstCluster, clusters, toStorage);
    }

    /** Makes all that was done before durable; called without locks, as the following. */
    void flush() throws IOException {
        long ticket;
        metadata.lock.lock();
        try {
            ticket = ++flushesAsked;
        } finally {
            metadata.lock.unlock();
        }
        round.lock();
        try {
            if (flushesDone < ticket) {
                writeRound(true, false);
            }
        } finally {
            round.unlock();
        }
    }

    /** Makes room for changes in memory, and for {@code clusters} that are about to be allocated. */
    void prepare(long clusters) throws IOException {
        if (mayBeLazy && !lazy) {
            beginLazyRefcounts();
        }
        boolean crowded;
        boolean covered;
        metadata.lock.lock();
        try {
            crowded = crowded() || freed.crowded();
            covered = metadata.refcounts.covers(clusters);
        } finally {
            metadata.lock.unlock();
        }
        if (crowded) {
            writeWhereCrowded();
        }
        if (!covered) {
            grow(clusters);
        }
    }

    /** Whether much is changed in memory; called with the metadata's lock. */
    private boolean crowded() {
        return metadata.map.cache().crowded() || metadata.refcounts.cache().crowded();
    }

    /** Of many who find it so at once, the first one does what is to be done for all. */
    private void writeWhereCrowded() throws IOException {
        round.lock();
        try {
            boolean slices;
            boolean manyFreed;
            metadata.lock.lock();
            try {
                slices = crowded();
                manyFreed = freed.crowded();
            } finally {
                metadata.lock.unlock();
            }
            if (slices || manyFreed) {
                writeRound(manyFreed, slices);
            }
        } finally {
            round.unlock();
        }
    }

    /** Writes all that is changed, so that nothing but what is durable is left; with the gate shut, say. */
    void flushFully() throws IOException {
        round.lock();
        try {
            writeRound(true, true);
            writeRound(true, true);
        } finally {
            round.unlock();
        }
    }

    /** Replaces the header by what a function makes of it; all that was written before is durable then. */
    void changeHeader(UnaryOperator<Qcow2Header> change) throws IOException {
        round.lock();
        try {
            replaceHeader(change.apply(headerFile.header()));
        } finally {
            round.unlock();
        }
    }

    private void replaceHeader(Qcow2Header next) throws IOException {
        requireKnownHeader();
        try {
            headerFile.replace(next);
        } catch (DiskImageException e) {
            headerUnknown = e.kind() != Kind.UNSUPPORTED;
            throw e;
        }
    }

    /** Which header the storage has decides what its tables are: where that is not known, nothing more is written. */
    void requireKnownHeader() throws DiskImageException {
        if (headerUnknown) {
            throw new DiskImageException(
                    Kind.IO_ERROR,
                    metadata.storage.name(),
                    "a write of its header failed, and which one it has is not known; open the image again");
        }
    }

    /** Marks the image so that nobody relies on its refcounts, which then need not be written with each round. */
    private void beginLazyRefcounts() throws IOException {
        changeHeader(header -> header.with(Feature.DIRTY));
        lazy = true;
    }

    /** Writes everything and takes the mark away. */
    void close() throws IOException {
        flushFully();
        if (header().has(Feature.DIRTY) && !metadata.corruption.found()) {
            changeHeader(header -> header.without(Feature.DIRTY));
        }
        metadata.lock.lock();
        try {
            metadata.refcounts.storageEnd().trim();
        } finally {
            metadata.lock.unlock();
        }
    }

    private void writeRound(boolean durable, boolean all) throws IOException {
        requireKnownHeader();
        WriteRound next = freeze(all);
        boolean written = false;
        try {
            next.write();
            if (durable) {
                metadata.flushStorages();
            }
            written = true;
        } finally {
            metadata.lock.lock();
            try {
                next.thaw(written);
                freed.written(next.freed, written && durable);
                flushesDone = written && durable ? Math.max(flushesDone, next.ticket) : flushesDone;
            } finally {
                metadata.lock.unlock();
            }
        }
        if (durable) {
            freed.lowerRefcounts();
        }
    }

    private WriteRound freeze(boolean all) {
        metadata.lock.lock();
        try {
            boolean withRefcounts = all || !lazy;
            ClusterRefcounts refcounts = metadata.refcounts;
            return new WriteRound(
                    metadata,
                    withRefcounts ? refcounts.cache().freeze() : List.of(),
                    withRefcounts ? refcounts.table().freeze() : List.of(),
                    metadata.map.cache().freeze(),
                    metadata.map.l1().freeze(),
                    freed.take(),
                    flushesAsked);
        } finally {
            metadata.lock.unlock();
        }
    }

    /** Makes the refcount table larger. */
    private void grow(long clusters) throws IOException {
        round.lock();
        try {
            metadata.lock.lock();
            try {
                if (metadata.refcounts.covers(clusters)) {
                    return;
                }
                growLocked(clusters);
            } finally {
                metadata.lock.unlock();
            }
        } finally {
            round.unlock();
        }
    }

    /** Rare and short enough that everybody waits for it. */
    private void growLocked(long clusters) throws IOException {
        ClusterRefcounts refcounts = metadata.refcounts;
        Qcow2Layout layout = metadata.layout;
        FlatTable old = refcounts.grow(clusters);
        FlatTable table = refcounts.table();
        List<SliceCache.Frozen> slices = refcounts.cache().freeze();
        boolean written = false;
        try {
            refcounts.cache().write(slices);
            FlatTable.write(
                    metadata.posix,
                    metadata.storage,
                    table.offset(),
                    table.copy(),
                    layout.roundUp((long) table.length() * Long.BYTES));
            int tableClusters = (int) layout.clusters((long) table.length() * Long.BYTES);
            replaceHeader(headerFile.header().withRefcountTable(new TablePointer(table.offset(), tableClusters)));
            written = true;
        } finally {
            refcounts.cache().thaw(slices, written);
            if (!written) {
                // The clusters of the new table stay counted and are not used.
                table.replace(old.offset(), old.copy());
                table.setDirty();
            }
        }
        long oldClusters = layout.clusters((long) old.length() * Long.BYTES);
        refcounts.add(old.offset() >>> layout.clusterBits(), oldClusters, -1);
    }

    /** Makes the L1 table so large that it has {@code entries} at least. */
    void growL1(int entries) throws IOException {
        Qcow2Layout layout = metadata.layout;
        long clusters = layout.clusters((long) entries * Long.BYTES);
        prepare(clusters);
        round.lock();
        try {
            metadata.lock.lock();
            try {
                if (entries > metadata.map.l1().length()) {
                    long[] grown = Arrays.copyOf(metadata.map.l1().copy(), entries);
                    replaceL1(grown, header -> header);
                }
            } finally {
                metadata.lock.unlock();
            }
        } finally {
            round.unlock();
        }
    }

    /** Puts another L1 table in the place of the present one; what it leads to is in the storage and counted. */
    void switchL1(long[] entries, UnaryOperator<Qcow2Header> change) throws IOException {
        prepare(metadata.layout.clusters((long) entries.length * Long.BYTES));
        round.lock();
        try {
            metadata.lock.lock();
            try {
                replaceL1(entries, change);
            } finally {
                metadata.lock.unlock();
            }
        } finally {
            round.unlock();
        }
    }

    /**
     * Puts another L1 table in the place of the present one, whose room it gives back; called with both locks. What the new
     * entries point to is in the storage.
     *
     * @param change what else changes in the header at the same moment
     */
    private void replaceL1(long[] entries, UnaryOperator<Qcow2Header> change) throws IOException {
        Qcow2Layout layout = metadata.layout;
        ClusterRefcounts refcounts = metadata.refcounts;
        long clusters = layout.clusters((long) entries.length * Long.BYTES);
        long first = refcounts.allocateTogether(clusters);
        long offset = first << layout.clusterBits();
        boolean written = false;
        try {
            FlatTable.write(metadata.posix, metadata.storage, offset, entries, clusters << layout.clusterBits());
            writeRefcounts();
            TablePointer pointer = new TablePointer(offset, entries.length);
            replaceHeader(change.apply(headerFile.header().withL1Table(pointer)));
            written = true;
        } finally {
            if (!written) {
                refcounts.add(first, clusters, -1);
            }
        }
        FlatTable l1 = metadata.map.l1();
        long oldClusters = layout.clusters((long) l1.length() * Long.BYTES);
        refcounts.add(l1.offset() >>> layout.clusterBits(), oldClusters, -1);
        l1.replace(offset, entries);
    }

    /** Writes refcounts while nothing else is being written; called with both locks. */
    private void writeRefcounts() throws IOException {
        ClusterRefcounts refcounts = metadata.refcounts;
        List<SliceCache.Frozen> slices = refcounts.cache().freeze();
        List<FlatTable.Frozen> table = refcounts.table().freeze();
        boolean written = false;
        try {
            refcounts.cache().write(slices);
            if (!table.isEmpty()) {
                metadata.storage.flush();
                FlatTable.write(metadata.posix, metadata.storage, table);
            }
            written = true;
        } finally {
            refcounts.cache().thaw(slices, written);
            if (!written) {
                refcounts.table().thaw(table);
            }
        }
    }
}
