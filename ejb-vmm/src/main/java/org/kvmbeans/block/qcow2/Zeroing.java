package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Makes stretches of the disk read as zeros, or forgets them. May be used from any thread. */
final class Zeroing {
    private static final int MAX_WRITTEN_BYTES = 1 << 20;
    /** A cluster was met that cannot be changed in part. */
    private static final long STUCK = -1;

    /** What becomes of a stretch. */
    private enum Aim {
        /** It reads as zeros or as before, and takes no room. */
        DISCARD,
        /** It reads as zeros and takes no room. */
        ZERO,
        /** It reads as zeros and keeps its room. */
        ZERO_AND_KEEP,
        /** This image says nothing of it, and it takes no room. */
        FORGET
    }

    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final ClusterMap map;
    private final DiskReader reader;
    private final DiskWriter writer;
    private final Allocator allocator;
    private final boolean rawExternal;

    Zeroing(Metadata metadata, DiskReader reader, DiskWriter writer, Allocator allocator, boolean rawExternal) {
        this.metadata = metadata;
        this.layout = metadata.layout;
        this.map = metadata.map;
        this.reader = reader;
        this.writer = writer;
        this.allocator = allocator;
        this.rawExternal = rawExternal;
    }

    /** As {@link org.kvmbeans.block.DiskImage#discard}; clusters that are touched in part stay as they are. */
    void discard(long offset, long length) throws IOException {
        if (!map.hasZeroFlags() && reader.backing() != null) {
            // Nothing could say that it is not the backing file that is to be read now.
            return;
        }
        long start = roundUp(offset);
        long end = wholeUnits(offset + length);
        if (start < end) {
            change(start, end, rawExternal ? Aim.ZERO_AND_KEEP : Aim.DISCARD, null);
        }
    }

    /** As {@link org.kvmbeans.block.DiskImage#writeZeroes}. */
    void zero(long offset, long length, boolean mayUnmap, Scratch scratch) throws IOException {
        long end = offset + length;
        long start = roundUp(offset);
        long stop = wholeUnits(end);
        boolean byFlag = map.hasZeroFlags() || (mayUnmap && reader.backing() == null);
        if (start >= stop || !byFlag) {
            writeZeros(offset, end, scratch);
            return;
        }
        writeZeros(offset, start, scratch);
        change(start, stop, mayUnmap && !rawExternal ? Aim.ZERO : Aim.ZERO_AND_KEEP, scratch);
        writeZeros(stop, end, scratch);
    }

    /** This image says nothing any more of what lies from an offset, a cluster boundary, to another one. */
    void forget(long start, long end) throws IOException {
        change(start, end, Aim.FORGET, null);
    }

    /**
     * Has clusters that this image says nothing of, and that the caller has claimed, read as zeros.
     *
     * @return how many bytes, above 0
     */
    long zeroClaimed(long offset, long length) throws IOException {
        while (true) {
            metadata.lock.lock();
            try {
                long first = metadata.clusterOf(offset);
                long sliceEnd = (first + map.clustersToSliceEnd(offset)) << layout.clusterBits();
                long end = Math.min(offset + length, sliceEnd);
                if (metadata.refcounts.covers(allocator.clustersFor(0))) {
                    return changeEntries(offset, end, Aim.ZERO);
                }
            } finally {
                metadata.lock.unlock();
            }
            metadata.writeBack.prepare(allocator.clustersFor(0));
        }
    }

    private long roundUp(long offset) {
        return offset + layout.subclusterBytes() - 1 & -layout.subclusterBytes();
    }

    /** The last boundary up to an offset; what the disk ends in counts as whole. */
    private long wholeUnits(long end) {
        return end >= metadata.diskBytes() ? roundUp(end) : end & -layout.subclusterBytes();
    }

    /** Writes zeros where there are others. */
    private void writeZeros(long from, long to, Scratch scratch) throws IOException {
        for (long at = from; at < to; ) {
            long length = Math.min(MAX_WRITTEN_BYTES, to - at);
            int age = metadata.findAndEnter(at, length, scratch.run);
            boolean zeros;
            try {
                zeros = reader.readsAsZeros(at, length, scratch.run);
            } finally {
                metadata.leave(age);
            }
            if (!zeros) {
                scratch.zeroVector.clear();
                scratch.addZeros(scratch.zeroVector, length);
                writer.write(at, scratch.zeroVector, scratch);
            }
            at += length;
        }
    }

    /** @param scratch to write zeros where there is no other way; null where the stretch may as well stay as it is */
    private void change(long from, long to, Aim aim, @Nullable Scratch scratch) throws IOException {
        for (long at = from; at < to; ) {
            metadata.writeBack.prepare(allocator.clustersFor(0));
            long changed;
            metadata.lock.lock();
            try {
                int age = metadata.gate.enter();
                try {
                    changed = changeSome(at, to, aim);
                } finally {
                    metadata.leave(age);
                }
            } finally {
                metadata.lock.unlock();
            }
            if (changed == STUCK) {
                changed = Math.min(to, (at & -layout.clusterBytes()) + layout.clusterBytes()) - at;
                if (scratch != null) {
                    writeZeros(at, at + changed, scratch);
                }
            }
            at += changed;
        }
    }

    /** Changes what one slice maps; how many bytes, 0 where it is to be tried again, or {@link #STUCK}. */
    private long changeSome(long from, long to, Aim aim) throws IOException {
        long first = metadata.clusterOf(from);
        long sliceEnd = (first + map.clustersToSliceEnd(from)) << layout.clusterBits();
        long claimed = metadata.inFlight.firstClaimed(first, Long.MAX_VALUE >>> layout.clusterBits());
        if (claimed == first) {
            metadata.inFlight.await();
            return 0;
        }
        long end = Math.min(Math.min(to, sliceEnd), claimed << layout.clusterBits());
        if (map.tableOffset(from) == 0) {
            boolean nothingThere = aim == Aim.DISCARD || aim == Aim.FORGET || reader.backing() == null;
            if (nothingThere && !rawExternal) {
                long tableEnd = ((from >>> layout.l1EntryBits()) + 1) << layout.l1EntryBits();
                return Math.min(to, tableEnd) - from;
            }
        }
        if (!metadata.refcounts.covers(allocator.clustersFor(0))) {
            return 0;
        }
        if (metadata.externalData()) {
            return changeExternal(from, end, aim);
        }
        return changeEntries(from, end, aim);
    }

    /** The data file is changed first, while nobody else writes there. */
    private long changeExternal(long from, long end, Aim aim) throws IOException {
        InFlight.Claim claim =
                metadata.inFlight.claim(metadata.clusterOf(from), metadata.clusterOf(end + layout.clusterBytes() - 1));
        try {
            metadata.lock.unlock();
            try {
                if (rawExternal && aim != Aim.FORGET) {
                    metadata.data.writeZeroes(from, end - from, true);
                } else if (aim != Aim.ZERO_AND_KEEP) {
                    metadata.data.discard(from, end - from);
                }
            } finally {
                metadata.lock.lock();
            }
            return changeEntries(from, end, aim);
        } finally {
            metadata.inFlight.release(claim);
        }
    }

    private long changeEntries(long from, long end, Aim aim) throws IOException {
        allocator.ensureOwnTable(from);
        Slice slice = map.slice(from);
        if (slice == null) {
            throw new IllegalStateException("byte " + from + " has no L2 table");
        }
        for (long at = from; at < end; ) {
            long clusterEnd = Math.min(end, (at & -layout.clusterBytes()) + layout.clusterBytes());
            boolean whole = clusterEnd - at == layout.clusterBytes();
            if (whole) {
                changeCluster(slice, at, aim);
            } else if (!changeSubclusters(slice, at, clusterEnd, aim)) {
                return at == from ? STUCK : at - from;
            }
            at = clusterEnd;
        }
        return end - from;
    }

    private void changeCluster(Slice slice, long at, Aim aim) {
        int position = map.position(at);
        long old = slice.bytes().getLong(position);
        boolean compressed = (old & Qcow2Layout.COMPRESSED) != 0;
        long oldBitmap = layout.extendedL2() ? slice.bytes().getLong(position + Long.BYTES) : 0;
        boolean placed = compressed || map.hasHost(old);
        boolean nothing = !placed && (layout.extendedL2() ? oldBitmap == 0 : (old & Qcow2Layout.ZERO) == 0);
        if (nothing && (aim == Aim.FORGET || reader.backing() == null)) {
            return;
        }
        boolean own = placed && !compressed && (old & Qcow2Layout.COPIED) != 0;
        boolean keep = own && (aim == Aim.ZERO_AND_KEEP || (metadata.externalData() && aim == Aim.ZERO));
        long entry = keep ? old & (Qcow2Layout.L2_OFFSET_MASK | Qcow2Layout.COPIED) : 0;
        long bitmap = 0;
        if (aim != Aim.FORGET) {
            if (layout.extendedL2()) {
                bitmap = -1L << Qcow2Layout.SUBCLUSTERS;
            } else if (map.hasZeroFlags()) {
                entry |= Qcow2Layout.ZERO;
            }
        }
        if (entry == old && bitmap == oldBitmap) {
            return;
        }
        ByteBuffer bytes = map.cache().change(slice);
        bytes.putLong(position, entry);
        if (layout.extendedL2()) {
            bytes.putLong(position + Long.BYTES, bitmap);
        }
        if (placed && !keep) {
            allocator.release(old, true);
        }
    }

    /** Some subclusters of a cluster, which keeps its room; false where it is compressed, and so all or nothing. */
    private boolean changeSubclusters(Slice slice, long at, long end, Aim aim) throws IOException {
        int position = map.position(at);
        long old = slice.bytes().getLong(position);
        if ((old & Qcow2Layout.COMPRESSED) != 0) {
            return false;
        }
        ByteBuffer bytes = map.cache().change(slice);
        long mask = (1L << (map.subcluster(end - 1) + 1)) - (1L << map.subcluster(at));
        long bitmap = bytes.getLong(position + Long.BYTES) & ~(mask | mask << Qcow2Layout.SUBCLUSTERS);
        if (aim != Aim.FORGET) {
            bitmap |= mask << Qcow2Layout.SUBCLUSTERS;
        }
        bytes.putLong(position + Long.BYTES, bitmap);
        return true;
    }
}
