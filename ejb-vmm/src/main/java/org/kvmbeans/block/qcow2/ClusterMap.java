package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Storage;

/**
 * Where each cluster of the disk lies (specification, "Cluster mapping" and "Extended L2 Entries"). The metadata's lock guards
 * it.
 */
final class ClusterMap {
    private final Storage storage;
    /** Where the disk's clusters lie: the external data file, or the same storage. */
    private final Storage data;

    private final Qcow2Layout layout;
    private final Corruption corruption;
    private final FlatTable l1;
    private final FlatTable refcountTable;
    private final SliceCache cache;
    private final boolean zeroFlags;
    private final boolean externalData;
    private final int entryBytes;
    /** log2 of the clusters that a slice maps. */
    private final int sliceBits;

    ClusterMap(
            Storage storage,
            Storage data,
            Qcow2Header header,
            Corruption corruption,
            FlatTable l1,
            FlatTable refcountTable,
            SliceCache cache) {
        this.corruption = corruption;
        this.storage = storage;
        this.data = data;
        this.refcountTable = refcountTable;
        this.layout = header.layout();
        this.l1 = l1;
        this.cache = cache;
        zeroFlags = header.version() >= 3;
        externalData = header.has(Feature.EXTERNAL_DATA);
        entryBytes = layout.l2EntryBytes();
        sliceBits = Integer.numberOfTrailingZeros(cache.sliceBytes() / entryBytes);
    }

    FlatTable l1() {
        return l1;
    }

    SliceCache cache() {
        return cache;
    }

    /** Whether a cluster can be said to read as zeros. */
    boolean hasZeroFlags() {
        return zeroFlags;
    }

    /**
     * Finds the stretch from an offset on that lies in one place.
     *
     * @param most bytes that it may have at most
     * @return false where a slice has to be read first, which {@link Run#missingSlice} names
     */
    boolean find(long offset, long most, Run run) throws DiskImageException {
        run.clear();
        long end = offset + most;
        for (long at = offset; at < end; ) {
            long table = tableOffset(at);
            if (table == 0) {
                long tableEnd = ((at >>> layout.l1EntryBits()) + 1) << layout.l1EntryBits();
                if (!run.append(Run.Kind.UNALLOCATED, -1, false, Math.min(end, tableEnd) - at)) {
                    return true;
                }
                at = offset + run.bytes;
                continue;
            }
            long sliceOffset = sliceOffset(table, at);
            Slice slice = cache.find(sliceOffset);
            if (slice == null) {
                run.missingSlice = sliceOffset;
                return run.bytes > 0;
            }
            int diskBits = layout.clusterBits() + sliceBits;
            long sliceEnd = ((at >>> diskBits) + 1) << diskBits;
            if (!findInSlice(slice.bytes(), at, Math.min(end, sliceEnd), run)) {
                return true;
            }
            at = offset + run.bytes;
        }
        return true;
    }

    /** False where the run has ended. */
    private boolean findInSlice(ByteBuffer slice, long offset, long end, Run run) throws DiskImageException {
        int clusterBytes = layout.clusterBytes();
        for (long at = offset; at < end; ) {
            long entry = slice.getLong(position(at));
            long clusterEnd = Math.min(end, (at & -clusterBytes) + clusterBytes);
            boolean goesOn;
            if ((entry & Qcow2Layout.COMPRESSED) != 0) {
                goesOn = run.append(Run.Kind.COMPRESSED, -1, false, clusterEnd - at);
                run.entry = goesOn ? entry : run.entry;
            } else if (layout.extendedL2()) {
                goesOn = findSubclusters(entry, slice.getLong(position(at) + Long.BYTES), at, clusterEnd, run);
            } else {
                goesOn = append(kind(entry, at), entry, at, clusterEnd, run);
            }
            if (!goesOn) {
                return false;
            }
            at = clusterEnd;
        }
        return true;
    }

    private boolean findSubclusters(long entry, long bitmap, long offset, long end, Run run) throws DiskImageException {
        for (long at = offset; at < end; ) {
            int subcluster = subcluster(at);
            Run.Kind kind = subclusterKind(entry, bitmap, subcluster, at);
            long subclusterEnd = Math.min(end, ((at >>> layout.subclusterBits()) + 1) << layout.subclusterBits());
            if (!append(kind, entry, at, subclusterEnd, run)) {
                return false;
            }
            at = subclusterEnd;
        }
        return true;
    }

    private boolean append(Run.Kind kind, long entry, long at, long end, Run run) {
        long host = entry & Qcow2Layout.L2_OFFSET_MASK;
        boolean own = (entry & Qcow2Layout.COPIED) != 0;
        boolean data = kind == Run.Kind.DATA;
        return run.append(kind, data ? host + (at & layout.clusterBytes() - 1) : -1, data && own, end - at);
    }

    /** How a standard cluster whose entry is not extended is found. */
    private Run.Kind kind(long entry, long at) throws DiskImageException {
        if ((entry & Qcow2Layout.ZERO) != 0) {
            if (!zeroFlags) {
                throw corrupt(entry, at, "has a zero flag, which version 2 has not");
            }
            requirePlace(entry, at);
            return Run.Kind.ZERO;
        }
        if (!hasHost(entry)) {
            return Run.Kind.UNALLOCATED;
        }
        requirePlace(entry, at);
        return Run.Kind.DATA;
    }

    private Run.Kind subclusterKind(long entry, long bitmap, int subcluster, long at) throws DiskImageException {
        boolean stored = (bitmap >>> subcluster & 1) != 0;
        boolean zero = ((bitmap >>> (subcluster + Qcow2Layout.SUBCLUSTERS)) & 1) != 0;
        if (stored && (zero || !hasHost(entry))) {
            throw corrupt(entry, at, "has bitmap 0x" + Long.toHexString(bitmap) + ", which contradicts it");
        }
        if (stored) {
            requirePlace(entry, at);
            return Run.Kind.DATA;
        }
        return zero ? Run.Kind.ZERO : Run.Kind.UNALLOCATED;
    }

    /** Whether a standard cluster has a place in the storage; with a data file, its first one is at 0. */
    boolean hasHost(long entry) {
        return (entry & Qcow2Layout.L2_OFFSET_MASK) != 0
                || (externalData && (entry & (Qcow2Layout.COPIED | Qcow2Layout.COMPRESSED)) == Qcow2Layout.COPIED);
    }

    /** What is read and written in place lies where a cluster may: nobody's guest writes tables, or makes a file of 32 PiB. */
    private void requirePlace(long entry, long at) throws DiskImageException {
        long host = entry & Qcow2Layout.L2_OFFSET_MASK;
        if (!layout.aligned(host)) {
            throw corrupt(entry, at, "points to no cluster boundary");
        }
        if (host >= data.sizeBytes() && host != 0) {
            throw corrupt(entry, at, "points behind the end of " + data.name() + " at " + data.sizeBytes());
        }
        if (!externalData && (l1.contains(host) || refcountTable.contains(host))) {
            throw corrupt(entry, at, "points to the image's own tables");
        }
    }

    private DiskImageException corrupt(long entry, long at, String what) {
        return corruption.of("the L2 entry of byte " + at + ", 0x" + Long.toHexString(entry) + ", " + what);
    }

    /** Where the L2 table of an offset lies; 0 where there is none. */
    long tableOffset(long offset) throws DiskImageException {
        long index = offset >>> layout.l1EntryBits();
        if (index >= l1.length()) {
            return 0;
        }
        long table = l1.get((int) index) & Qcow2Layout.L1_OFFSET_MASK;
        if (table != 0 && (!layout.aligned(table) || table >= storage.sizeBytes())) {
            throw corruption.of("the L2 table of byte " + offset + " at byte " + table
                    + " lies on no cluster boundary within the file");
        }
        return table;
    }

    /** Where the slice with an offset's entry lies in its table. */
    long sliceOffset(long table, long offset) {
        long inTable = (offset >>> layout.clusterBits()) & layout.l2Entries() - 1;
        return table + (inTable >>> sliceBits) * cache.sliceBytes();
    }

    /** The slice with an offset's entry, where it has a table; read where it is not in memory. */
    @Nullable
    Slice slice(long offset) throws IOException {
        long table = tableOffset(offset);
        return table == 0 ? null : cache.get(sliceOffset(table, offset));
    }

    /** Clusters from an offset's on whose entries are in the same slice, its own counted. */
    long clustersToSliceEnd(long offset) {
        long cluster = offset >>> layout.clusterBits();
        return (1L << sliceBits) - (cluster & (1L << sliceBits) - 1);
    }

    /** Where an offset's entry is in its slice. */
    int position(long offset) {
        return (int) ((offset >>> layout.clusterBits()) & (1L << sliceBits) - 1) * entryBytes;
    }

    int subcluster(long offset) {
        return (int) (offset >>> layout.subclusterBits()) & layout.subclusters() - 1;
    }
}
