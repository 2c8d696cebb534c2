package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.Refcounts;
import org.kvmbeans.block.qcow2.StorageBuffer;

/** Compares the refcounts of an image with the references that were counted, and may set them right where they stand. */
final class RefcountComparison {
    private static final String HAS = "the cluster at byte %d has refcount %d, and %d references";

    private final Scope scope;
    private final Qcow2Layout layout;
    private final References references;
    private final Findings findings;
    private final RefcountTable table;
    private final @Nullable Repair repair;
    private final StorageBuffer buffer;
    private final int blockBits;
    private long highestUsed;
    private boolean missingBlock;
    private boolean wrongFlags;

    /** @param repair what is set right; null for nothing */
    RefcountComparison(Scope scope, RefcountTable table, @Nullable Repair repair) {
        this.scope = scope;
        this.table = table;
        this.repair = repair;
        layout = scope.layout();
        references = scope.references();
        findings = scope.findings();
        blockBits = layout.refcountBlockBits();
        buffer = new StorageBuffer(scope.posix(), scope.pieceBytes());
    }

    /** Where the last cluster that is in use ends. */
    long imageEndOffset() {
        return (highestUsed + 1) << layout.clusterBits();
    }

    /** Whether a cluster in use has no refcount block, so that refcounts cannot be set right where they stand. */
    boolean missingBlock() {
        return missingBlock;
    }

    /** Whether entries in use by the disk say other of their clusters than the references do. */
    boolean wrongFlags() {
        return wrongFlags;
    }

    void run() throws IOException {
        int perPiece = buffer.capacity() / layout.clusterBytes();
        long covered = Math.min(table.entries(), ((scope.fileClusters() - 1) >>> blockBits) + 1);
        long next;
        for (long index = 0; index < covered; index = next) {
            next = index + 1;
            long offset = table.block(index);
            if (offset == 0) {
                compareMissing(index << blockBits, Math.min(scope.fileClusters(), next << blockBits));
                continue;
            }
            while (next < covered
                    && next - index < perPiece
                    && table.block(next) == offset + ((next - index) << layout.clusterBits())) {
                next++;
            }
            compare(index, (int) (next - index), offset);
        }
        compareMissing(covered << blockBits, scope.fileClusters());
    }

    private void compare(long firstIndex, int count, long offset) throws IOException {
        buffer.read(scope.storage(), offset, 0, count * layout.clusterBytes());
        for (int i = 0; i < count; i++) {
            ByteBuffer block = buffer.bytes().slice(i * layout.clusterBytes(), layout.clusterBytes());
            if (compareBlock(block, (firstIndex + i) << blockBits)) {
                int position = i * layout.clusterBytes();
                buffer.write(scope.storage(), offset + position, position, layout.clusterBytes());
            }
            scope.advance(layout.clusterBytes());
        }
    }

    private boolean compareBlock(ByteBuffer block, long first) {
        int count = (int) Math.min(layout.refcountBlockEntries(), scope.fileClusters() - first);
        int order = layout.refcountOrder();
        boolean changed = false;
        for (int i = 0; i < count; i++) {
            long stored = Refcounts.get(block, order, i);
            int state = references.state(first + i);
            if (stored == 0 && state == 0) {
                continue;
            }
            highestUsed = first + i;
            int counted = state >>> References.COUNT_SHIFT;
            if (stored != counted) {
                long right = settle(first + i, stored, counted);
                if (right != stored) {
                    Refcounts.set(block, order, i, right);
                    changed = true;
                }
            }
            if ((state & (References.COPIED | References.SHARED)) != 0) {
                checkFlags(first + i, stored, state);
            }
        }
        return changed;
    }

    /** What a refcount that is wrong is to be. */
    private long settle(long cluster, long stored, int counted) {
        if (Long.compareUnsigned(stored, counted) > 0) {
            findings.leak(HAS, cluster << layout.clusterBits(), stored, counted);
            return repair == null ? stored : counted;
        }
        findings.corruption(HAS, cluster << layout.clusterBits(), stored, counted);
        requireRoom(cluster, counted);
        return repair == Repair.ALL ? Math.min(counted, layout.maxRefcount()) : stored;
    }

    private void requireRoom(long cluster, int counted) {
        if (counted > layout.maxRefcount()) {
            findings.checkError("the cluster at byte " + (cluster << layout.clusterBits()) + " has " + counted
                    + " references, for which refcounts of " + layout.refcountBits() + " bits have no room");
        }
    }

    private void checkFlags(long cluster, long stored, int state) {
        boolean only = stored == 1;
        if ((state & (only ? References.SHARED : References.COPIED)) != 0) {
            findings.corruption(
                    only
                            ? "the cluster at byte %d has refcount %d, but an entry does not say so"
                            : "the cluster at byte %d has refcount %d, but an entry says that it has one reference",
                    cluster << layout.clusterBits(),
                    stored);
        }
        boolean shouldBeOnly = state >>> References.COUNT_SHIFT == 1;
        wrongFlags |= (state & (shouldBeOnly ? References.SHARED : References.COPIED)) != 0;
    }

    /** Clusters without a refcount block, whose refcounts are 0. */
    private void compareMissing(long from, long to) {
        long end = Math.min(to, references.limit());
        for (long cluster = from; cluster < end; ) {
            if (references.emptyPiece(cluster)) {
                cluster = ((cluster >>> References.PIECE_BITS) + 1) << References.PIECE_BITS;
                continue;
            }
            int state = references.state(cluster);
            if (state != 0) {
                missingBlock = true;
                highestUsed = cluster;
                findings.corruption(HAS, cluster << layout.clusterBits(), 0, state >>> References.COUNT_SHIFT);
                requireRoom(cluster, state >>> References.COUNT_SHIFT);
                if ((state & (References.COPIED | References.SHARED)) != 0) {
                    checkFlags(cluster, 0, state);
                }
            }
            cluster++;
        }
    }
}
