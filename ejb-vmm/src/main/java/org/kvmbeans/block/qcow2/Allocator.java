package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Gives clusters of the disk their place in the storage: plans where data goes, and once it is written has the L2 entries
 * point to it. The metadata's lock guards it.
 */
final class Allocator {
    /** The most bytes that are allocated in one go; what is in flight is bounded, and so is what a failure leaves behind. */
    private static final long MAX_BYTES = 8 << 20;

    private static final int SUBCLUSTERS = Qcow2Layout.SUBCLUSTERS;

    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final ClusterMap map;

    Allocator(Metadata metadata) {
        this.metadata = metadata;
        layout = metadata.layout;
        map = metadata.map;
    }

    /** Clusters that one plan may take, its L2 table counted. */
    long clustersFor(long bytes) {
        return Math.min(MAX_BYTES, bytes) / layout.clusterBytes() + 4;
    }

    /** What has to happen to a cluster before it can be written. */
    private enum Need {
        /** Nothing. */
        NONE,
        /** Its own place in the storage has not got all data yet. */
        FILL,
        /** It needs a new place. */
        PLACE
    }

    /**
     * Plans an allocating write of a stretch from its beginning on, of which nothing is claimed by others.
     *
     * @param held what the caller has claimed already, or null to claim what is planned
     */
    void plan(long offset, long most, InFlight.@Nullable Claim held, Allocation plan) throws IOException {
        ensureOwnTable(offset);
        Slice slice = requireSlice(offset);
        ByteBuffer bytes = slice.bytes();
        long start = offset & -layout.clusterBytes();
        long limit = Math.min(offset + most, start + Math.min(MAX_BYTES, sliceSpan(offset)));
        long claimed =
                held == null ? metadata.inFlight.firstClaimed(metadata.clusterOf(offset), Long.MAX_VALUE) : held.end();
        plan.start = start;
        plan.clusters = 0;
        plan.writeStart = offset;
        long at = offset;
        Need need = Need.NONE;
        while (at < limit && metadata.clusterOf(at) < claimed) {
            long clusterEnd = Math.min(limit, (at & -layout.clusterBytes()) + layout.clusterBytes());
            long entry = bytes.getLong(map.position(at));
            Need next = need(entry, bitmap(bytes, at), at, clusterEnd);
            long host = entry & Qcow2Layout.L2_OFFSET_MASK;
            if (plan.clusters == 0) {
                need = next;
                plan.hostOffset = host;
            } else if (next != need
                    || (need == Need.FILL && host != plan.hostOffset + plan.clusters * layout.clusterBytes())) {
                break;
            }
            plan.clusters++;
            at = clusterEnd;
        }
        if (need == Need.NONE) {
            throw new IllegalStateException("an allocating write of byte " + offset + ", which needs none");
        }
        place(plan, need);
        plan.writeEnd = Math.min(at, start + plan.clusters * layout.clusterBytes());
        plan.copyStart = copyStart(bytes, plan);
        plan.copyEnd = copyEnd(bytes, plan);
        plan.claim = held == null
                ? metadata.inFlight.claim(metadata.clusterOf(start), metadata.clusterOf(start) + plan.clusters)
                : null;
    }

    private long sliceSpan(long offset) {
        return map.clustersToSliceEnd(offset) << layout.clusterBits();
    }

    private void place(Allocation plan, Need need) throws IOException {
        plan.fresh = need == Need.PLACE;
        plan.neverWritten = false;
        if (!plan.fresh) {
            return;
        }
        if (metadata.externalData()) {
            plan.hostOffset = plan.start;
            plan.neverWritten = plan.start >= metadata.data.sizeBytes();
            return;
        }
        long unwritten = metadata.refcounts.storageEnd().used();
        long host = metadata.refcounts.allocate(plan.clusters) << layout.clusterBits();
        plan.clusters = metadata.refcounts.allocated();
        plan.hostOffset = host;
        plan.neverWritten = host >= unwritten;
    }

    private Need need(long entry, long bitmap, long from, long to) {
        boolean standard = (entry & Qcow2Layout.COMPRESSED) == 0;
        boolean own = standard && map.hasHost(entry) && (entry & Qcow2Layout.COPIED) != 0;
        if (!own) {
            return Need.PLACE;
        }
        if (layout.extendedL2()) {
            long touched = subclusters(map.subcluster(from), map.subcluster(to - 1));
            return (bitmap & touched) == touched ? Need.NONE : Need.FILL;
        }
        return (entry & Qcow2Layout.ZERO) == 0 ? Need.NONE : Need.FILL;
    }

    private long bitmap(ByteBuffer slice, long offset) {
        return layout.extendedL2() ? slice.getLong(map.position(offset) + Long.BYTES) : 0;
    }

    /** Bits of subclusters, both ends counted. */
    private static long subclusters(int first, int last) {
        return (1L << (last + 1)) - (1L << first);
    }

    private long copyStart(ByteBuffer slice, Allocation plan) {
        if (!layout.extendedL2()) {
            return plan.start;
        }
        long entry = slice.getLong(map.position(plan.start));
        long bitmap = bitmap(slice, plan.start);
        int first = map.subcluster(plan.writeStart);
        if ((entry & Qcow2Layout.COMPRESSED) != 0) {
            return plan.start;
        }
        if (plan.fresh) {
            int stored = Long.numberOfTrailingZeros(bitmap | 1L << SUBCLUSTERS);
            return plan.start + ((long) Math.min(first, stored) << layout.subclusterBits());
        }
        boolean stored = (bitmap >>> first & 1) != 0;
        return stored ? plan.writeStart : plan.writeStart & -layout.subclusterBytes();
    }

    private long copyEnd(ByteBuffer slice, Allocation plan) {
        long end = plan.start + plan.clusters * layout.clusterBytes();
        if (!layout.extendedL2()) {
            return end;
        }
        long lastStart = end - layout.clusterBytes();
        long entry = slice.getLong(map.position(lastStart));
        long bitmap = bitmap(slice, lastStart);
        int last = map.subcluster(plan.writeEnd - 1);
        if ((entry & Qcow2Layout.COMPRESSED) != 0) {
            return end;
        }
        if (plan.fresh) {
            int stored = Integer.SIZE - 1 - Integer.numberOfLeadingZeros((int) bitmap);
            return lastStart + ((long) (Math.max(last, stored) + 1) << layout.subclusterBits());
        }
        boolean stored = (bitmap >>> last & 1) != 0;
        return stored ? plan.writeEnd : lastStart + ((long) (last + 1) << layout.subclusterBits());
    }

    /** The data is written: the entries point to it from now on, and what they pointed to loses a reference. */
    void link(Allocation plan) throws IOException {
        Slice slice = requireSlice(plan.start);
        ByteBuffer bytes = map.cache().change(slice);
        for (long i = 0; i < plan.clusters; i++) {
            long at = plan.start + i * layout.clusterBytes();
            int position = map.position(at);
            long old = bytes.getLong(position);
            if (plan.fresh) {
                release(old, false);
            }
            bytes.putLong(position, plan.hostOffset + i * layout.clusterBytes() | Qcow2Layout.COPIED);
            if (layout.extendedL2()) {
                long from = Math.max(at, plan.copyStart);
                long to = Math.min(at + layout.clusterBytes(), plan.copyEnd);
                long valid = subclusters(map.subcluster(from), map.subcluster(to - 1));
                long before = (old & Qcow2Layout.COMPRESSED) == 0 ? bytes.getLong(position + Long.BYTES) : 0;
                bytes.putLong(position + Long.BYTES, (before & ~(valid << SUBCLUSTERS)) | valid);
            }
        }
    }

    /** The compressed data of a cluster is written: its entry is this one from now on. */
    void linkCompressed(long offset, long entry) throws IOException {
        ByteBuffer bytes = map.cache().change(requireSlice(offset));
        int position = map.position(offset);
        release(bytes.getLong(position), false);
        bytes.putLong(position, entry);
        if (layout.extendedL2()) {
            bytes.putLong(position + Long.BYTES, 0);
        }
    }

    /** An entry's place in the storage loses the reference; it is counted until that is durable. */
    void release(long entry, boolean toStorage) {
        if ((entry & Qcow2Layout.COMPRESSED) != 0) {
            long offset = layout.compressedOffset(entry);
            long first = offset >>> layout.clusterBits();
            long last = (offset + layout.compressedBytes(entry) - 1) >>> layout.clusterBits();
            metadata.writeBack.free(first, last - first + 1, toStorage);
        } else if ((entry & Qcow2Layout.L2_OFFSET_MASK) != 0 && !metadata.externalData()) {
            metadata.writeBack.free((entry & Qcow2Layout.L2_OFFSET_MASK) >>> layout.clusterBits(), 1, toStorage);
        }
    }

    /** The data could not be written: its place is free again, as nothing has ever referred to it. */
    void abandon(Allocation plan) throws IOException {
        if (plan.fresh && !metadata.externalData()) {
            metadata.refcounts.add(plan.hostOffset >>> layout.clusterBits(), plan.clusters, -1);
        }
    }

    private Slice requireSlice(long offset) throws IOException {
        Slice slice = map.slice(offset);
        if (slice == null) {
            throw new IllegalStateException("byte " + offset + " has no L2 table");
        }
        return slice;
    }

    /** Sees to it that an offset has an L2 table that nothing else refers to. */
    void ensureOwnTable(long offset) throws IOException {
        int index = (int) (offset >>> layout.l1EntryBits());
        long table = map.tableOffset(offset);
        if (table != 0 && (map.l1().get(index) & Qcow2Layout.COPIED) != 0) {
            return;
        }
        long cluster = metadata.refcounts.allocate(1);
        long copy = cluster << layout.clusterBits();
        boolean written = false;
        try {
            StorageBuffer contents = new StorageBuffer(metadata.posix, layout.clusterBytes());
            if (table != 0) {
                readTable(table, contents);
            }
            map.cache().forget(copy, layout.clusterBytes());
            contents.write(metadata.storage, copy, 0, contents.capacity());
            written = true;
        } finally {
            if (!written) {
                metadata.refcounts.add(cluster, 1, -1);
            }
        }
        map.l1().set(index, copy | Qcow2Layout.COPIED);
        if (table != 0) {
            metadata.writeBack.free(table >>> layout.clusterBits(), 1, false);
        }
    }

    /** A table as it is now, whether that has been written or not. */
    void readTable(long table, StorageBuffer contents) throws IOException {
        contents.read(metadata.storage, table, 0, contents.capacity());
        int sliceBytes = map.cache().sliceBytes();
        for (int at = 0; at < contents.capacity(); at += sliceBytes) {
            Slice slice = map.cache().find(table + at);
            if (slice != null) {
                contents.bytes().put(at, slice.bytes(), 0, sliceBytes);
            }
        }
    }
}
