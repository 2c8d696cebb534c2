package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.List;

/** What {@link WriteBack} writes in one go: copies of all that had changed. Used by one thread. */
final class WriteRound {
    private final Metadata metadata;
    private final List<SliceCache.Frozen> refcountSlices;
    private final List<FlatTable.Frozen> refcountTable;
    private final List<SliceCache.Frozen> l2Slices;
    private final List<FlatTable.Frozen> l1Table;
    /** References that the changes give up. */
    final Freed freed;
    /** The last flush that was asked for before. */
    final long ticket;

    WriteRound(
            Metadata metadata,
            List<SliceCache.Frozen> refcountSlices,
            List<FlatTable.Frozen> refcountTable,
            List<SliceCache.Frozen> l2Slices,
            List<FlatTable.Frozen> l1Table,
            Freed freed,
            long ticket) {
        this.metadata = metadata;
        this.refcountSlices = refcountSlices;
        this.refcountTable = refcountTable;
        this.l2Slices = l2Slices;
        this.l1Table = l1Table;
        this.freed = freed;
        this.ticket = ticket;
    }

    /** Writes it in the order that a power cut may interrupt; called without the metadata's lock. */
    void write() throws IOException {
        metadata.refcounts.cache().write(refcountSlices);
        if (!refcountTable.isEmpty()) {
            // A refcount block is on disk before the table names it.
            metadata.storage.flush();
            FlatTable.write(metadata.posix, metadata.storage, refcountTable);
        }
        if (!l2Slices.isEmpty() || !l1Table.isEmpty()) {
            metadata.flushStorages();
            metadata.map.cache().write(l2Slices);
            FlatTable.write(metadata.posix, metadata.storage, l1Table);
        }
    }

    /** Gives the copies back, and takes back as changed what was not written; called with the metadata's lock. */
    void thaw(boolean written) {
        metadata.refcounts.cache().thaw(refcountSlices, written);
        metadata.map.cache().thaw(l2Slices, written);
        if (!written) {
            metadata.refcounts.table().thaw(refcountTable);
            metadata.map.l1().thaw(l1Table);
        }
    }
}
