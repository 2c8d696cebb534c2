package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.qcow2.CryptMethod;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.StorageBuffer;

/**
 * Checks the entries of L2 tables and counts what they point to. What an entry is to be instead stands in the table
 * afterwards, for a repair to write back.
 */
final class L2EntryCheck {
    /** Which subclusters are allocated; those that read as zeros are the upper half. */
    private static final long ALLOCATED_MASK = 0xFFFF_FFFFL;

    private static final int METADATA = References.EXCLUSIVE | References.L2_TABLE;

    private final Scope scope;
    private final Qcow2Layout layout;
    private final References references;
    private final Findings findings;
    private final boolean externalData;
    private final boolean hasZeroFlag;
    /** What LUKS encrypts can be read in its place alone. */
    private final boolean boundToPlace;

    private final int entryBytes;
    private long allocated;
    private long fragmented;
    private long compressed;

    /** Where the table lies that is checked, and what refers to it. */
    private long table;

    private int times;
    private boolean active;
    private long contiguousOffset;
    private boolean moved;

    L2EntryCheck(Scope scope) {
        this.scope = scope;
        layout = scope.layout();
        references = scope.references();
        findings = scope.findings();
        externalData = scope.header().has(Feature.EXTERNAL_DATA);
        hasZeroFlag = scope.header().version() > 2 && !layout.extendedL2();
        boundToPlace = scope.header().crypt() == CryptMethod.LUKS;
        entryBytes = layout.l2EntryBytes();
    }

    ClusterStatistics statistics() {
        return new ClusterStatistics(layout.clusters(scope.header().sizeBytes()), allocated, fragmented, compressed);
    }

    /** Whether clusters were copied since this was asked last, which have to be durable before what points to them. */
    boolean takeMoved() {
        boolean result = moved;
        moved = false;
        return result;
    }

    /**
     * Checks a table.
     *
     * @param position where it begins in {@code bytes}
     * @param cluster where it lies in the file
     * @return whether entries are to be others
     */
    boolean check(ByteBuffer bytes, int position, long cluster) throws IOException {
        int state = references.state(cluster);
        table = cluster << layout.clusterBits();
        times = state >>> References.COUNT_SHIFT;
        active = (state & (References.COPIED | References.SHARED)) != 0;
        contiguousOffset = 0;
        boolean changed = false;
        int end = position + layout.clusterBytes();
        for (int at = position; at < end; at += entryBytes) {
            long entry = bytes.getLong(at);
            if (entry != 0 && (entry & Qcow2Layout.COMPRESSED) == 0 && !layout.extendedL2()) {
                long right = standard(entry, !hasZero(entry));
                if (right != entry) {
                    bytes.putLong(at, right);
                    changed = true;
                }
            } else if (entry != 0 || layout.extendedL2()) {
                changed |= compressedOrExtended(bytes, at, entry);
            }
        }
        return changed;
    }

    private boolean hasZero(long entry) {
        return (entry & Qcow2Layout.ZERO) != 0;
    }

    private boolean compressedOrExtended(ByteBuffer bytes, int at, long entry) throws IOException {
        long bitmap = layout.extendedL2() ? bytes.getLong(at + Long.BYTES) : 0;
        long rightEntry = entry;
        long rightBitmap = bitmap;
        if ((entry & Qcow2Layout.COMPRESSED) != 0) {
            if (bitmap != 0) {
                findings.corruption(
                        "compressed L2 entry 0x%x at byte %d has subclusters 0x%x", entry, where(at), bitmap);
                rightBitmap = 0;
            }
            rightEntry = compressed(entry);
        } else if (entry != 0 || bitmap != 0) {
            rightBitmap = subclusters(entry, bitmap, at);
            rightEntry = entry == 0 ? 0 : standard(entry, (rightBitmap & ALLOCATED_MASK) != 0);
        }
        if (layout.extendedL2() && rightEntry == 0 && entry != 0) {
            // What is lost reads as zeros rather than as what the backing file has.
            rightBitmap = ~ALLOCATED_MASK;
        }
        if (rightEntry == entry && rightBitmap == bitmap) {
            return false;
        }
        bytes.putLong(at, rightEntry);
        if (layout.extendedL2()) {
            bytes.putLong(at + Long.BYTES, rightBitmap);
        }
        return true;
    }

    private long where(int at) {
        return table + (at & (layout.clusterBytes() - 1));
    }

    /** The bitmap as it may be: what is allocated in a cluster is taken for data, and in none for nothing. */
    private long subclusters(long entry, long bitmap, int at) {
        boolean hasCluster = (entry & Qcow2Layout.L2_OFFSET_MASK) != 0 || (externalData && entry < 0);
        if (!hasCluster) {
            if ((bitmap & ALLOCATED_MASK) != 0) {
                findings.corruption(
                        "subclusters 0x%x of L2 entry 0x%x at byte %d are allocated without a cluster",
                        bitmap, entry, where(at));
            }
            return bitmap & ~ALLOCATED_MASK;
        }
        long both = bitmap >>> 32 & bitmap & ALLOCATED_MASK;
        if (both != 0) {
            findings.corruption(
                    "subclusters 0x%x of L2 entry 0x%x at byte %d are both allocated and zeros",
                    bitmap, entry, where(at));
        }
        return bitmap & ~(both << 32);
    }

    /** A standard entry as it is to be. */
    private long standard(long entry, boolean hasData) throws IOException {
        long right = entry;
        if ((entry & Qcow2Layout.L2_RESERVED_MASK) != 0) {
            findings.corruption("L2 entry 0x%x in the table at byte %d has reserved bits", entry, table);
            right &= ~Qcow2Layout.L2_RESERVED_MASK;
        }
        if (hasZero(right) && !hasZeroFlag) {
            findings.corruption(
                    "L2 entry 0x%x in the table at byte %d reads as zeros, which its kind cannot", entry, table);
            right &= ~Qcow2Layout.ZERO;
        }
        long offset = right & Qcow2Layout.L2_OFFSET_MASK;
        if (externalData) {
            return external(right, offset);
        }
        if (offset == 0) {
            if (right < 0) {
                findings.corruption(
                        "L2 entry 0x%x in the table at byte %d is the only one of no cluster", entry, table);
            }
            return right & Qcow2Layout.ZERO;
        }
        if (!scope.isCluster(offset)) {
            findings.corruption("L2 entry 0x%x in the table at byte %d is no cluster of the file", entry, table);
            return lost();
        }
        long cluster = offset >>> layout.clusterBits();
        if ((references.state(cluster) & METADATA) != 0) {
            findings.corruption("L2 entry 0x%x in the table at byte %d leads to metadata", entry, table);
            return scope.repairing() ? moved(right, cluster, hasData) : right;
        }
        if (scope.repairing()
                && active
                && !boundToPlace
                && (references.state(cluster) & (References.COPIED | References.SHARED)) != 0) {
            // Clusters of the disk share nothing but with snapshots; programs that write one of the two rely on it.
            return moved(right, cluster, hasData);
        }
        count(cluster, right);
        if (active) {
            statistics(offset);
        }
        return right;
    }

    private void count(long cluster, long entry) throws DiskImageException {
        int flag = entry < 0 ? References.COPIED : References.SHARED;
        references.add(cluster, times, active ? flag : 0);
    }

    /** An entry of what cannot be found: zeros, where it can say so. */
    private long lost() {
        return hasZeroFlag ? Qcow2Layout.ZERO : 0;
    }

    private void statistics(long offset) {
        allocated++;
        if (contiguousOffset != 0 && offset != contiguousOffset) {
            fragmented++;
        }
        contiguousOffset = offset + layout.clusterBytes();
    }

    /** The clusters of a data file are not counted; each is the only one of its kind, and {@link DataFileWalk} knows where. */
    private long external(long entry, long offset) {
        if (offset == 0 && entry >= 0) {
            return entry;
        }
        if (entry >= 0) {
            findings.corruption("L2 entry 0x%x in the table at byte %d is not said to be the only one", entry, table);
        }
        if (active) {
            statistics(offset);
        }
        return entry | Qcow2Layout.COPIED;
    }

    /** A cluster that lies where something else does gets a place of its own, with what it reads as now. */
    private long moved(long entry, long cluster, boolean hasData) throws IOException {
        if (!hasData || boundToPlace) {
            return lost();
        }
        long target = scope.appendCluster();
        StorageBuffer data = new StorageBuffer(scope.posix(), layout.clusterBytes());
        data.read(scope.storage(), cluster << layout.clusterBits(), 0, data.capacity());
        data.write(scope.storage(), target << layout.clusterBits(), 0, data.capacity());
        moved = true;
        long flags = entry & ~Qcow2Layout.L2_OFFSET_MASK & ~Qcow2Layout.COPIED;
        count(target, flags);
        return flags | (target << layout.clusterBits());
    }

    private long compressed(long entry) throws IOException {
        long right = entry;
        if (entry < 0) {
            findings.corruption(
                    "compressed L2 entry 0x%x in the table at byte %d is said to be the only one", entry, table);
            right &= ~Qcow2Layout.COPIED;
        }
        if (externalData) {
            findings.corruption("L2 entry 0x%x in the table at byte %d is compressed, with a data file", entry, table);
            return lost();
        }
        long offset = layout.compressedOffset(right);
        long first = offset >>> layout.clusterBits();
        // It may end beyond the file, whose last sector need not be there as a whole.
        long last = (offset + layout.compressedBytes(right) - 1) >>> layout.clusterBits();
        if (offset < layout.clusterBytes()
                || offset >= layout.compressedOffsetLimit()
                || last >= scope.fileClusters()) {
            findings.corruption("compressed L2 entry 0x%x in the table at byte %d lies outside the file", entry, table);
            return lost();
        }
        for (long cluster = first; cluster <= last; cluster++) {
            if ((references.state(cluster) & METADATA) != 0) {
                findings.corruption("compressed L2 entry 0x%x in the table at byte %d leads to metadata", entry, table);
                return lost();
            }
        }
        for (long cluster = first; cluster <= last; cluster++) {
            references.add(cluster, times, 0);
        }
        if (active) {
            allocated++;
            fragmented++;
            compressed++;
        }
        return right;
    }
}
