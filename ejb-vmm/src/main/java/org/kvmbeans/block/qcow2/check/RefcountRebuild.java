package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.Refcounts;
import org.kvmbeans.block.qcow2.StorageBuffer;
import org.kvmbeans.block.qcow2.TablePointer;

/**
 * Makes refcount blocks and their table anew from the references that were counted, in clusters that nothing uses; the old
 * ones stay until the header points to the new ones.
 */
final class RefcountRebuild {
    private final Scope scope;
    private final References references;
    private final Qcow2Layout layout;
    private final int blockBits;
    private final boolean[] needed;
    private long base;
    private int blocks;
    private int tableClusters;

    /** @param scope its references are those of everything but the old refcounts */
    RefcountRebuild(Scope scope) {
        this.scope = scope;
        references = scope.references();
        layout = scope.layout();
        blockBits = layout.refcountBlockBits();
        needed = new boolean[Qcow2Layout.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES];
    }

    /**
     * Writes the new structures.
     *
     * @param occupied has a state for the old structures too, where nothing is written
     * @return what the header is to point to
     */
    TablePointer run(References occupied) throws IOException {
        for (long cluster = 0; cluster < references.limit(); cluster++) {
            if (references.emptyPiece(cluster)) {
                cluster = (((cluster >>> References.PIECE_BITS) + 1) << References.PIECE_BITS) - 1;
            } else if (references.state(cluster) != 0) {
                need(cluster);
            }
        }
        place(occupied);
        scope.growTo(base + blocks + tableClusters);
        for (int i = 0; i < blocks + tableClusters; i++) {
            references.add(base + i, 1, References.EXCLUSIVE);
        }
        write();
        return new TablePointer((base + blocks) << layout.clusterBits(), tableClusters);
    }

    private void need(long cluster) throws IOException {
        long index = cluster >>> blockBits;
        if (index >= needed.length) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    scope.storage().name(),
                    "its cluster at byte " + (cluster << layout.clusterBits())
                            + " lies beyond what a refcount table can count; copy what can be read from it");
        }
        if (!needed[(int) index]) {
            needed[(int) index] = true;
            blocks++;
        }
        int clusters = (int) layout.clusters((index + 1) * Long.BYTES);
        tableClusters = Math.max(tableClusters, clusters);
    }

    /** Finds room; blocks that count the room itself may have to be added, which takes more of it. */
    private void place(References occupied) throws IOException {
        base = 0;
        for (int room = -1; room != blocks + tableClusters; ) {
            room = blocks + tableClusters;
            base = gap(occupied, base, room);
            for (int i = 0; i < room; i++) {
                need(base + i);
            }
        }
    }

    /** The first run of {@code clusters} free ones from {@code from} on; it may go on behind the file. */
    private long gap(References occupied, long from, int clusters) {
        long start = from;
        for (long cluster = from; cluster < scope.fileClusters() && cluster - start < clusters; cluster++) {
            if (occupied.state(cluster) != 0) {
                start = cluster + 1;
            }
        }
        return start;
    }

    private void write() throws IOException {
        StorageBuffer table = new StorageBuffer(scope.posix(), tableClusters * layout.clusterBytes());
        StorageBuffer block = new StorageBuffer(scope.posix(), layout.clusterBytes());
        long offset = base << layout.clusterBits();
        for (int index = 0; index < needed.length; index++) {
            if (needed[index]) {
                fill(block.bytes(), (long) index << blockBits);
                block.write(scope.storage(), offset, 0, block.capacity());
                table.bytes().putLong(index * Long.BYTES, offset);
                offset += layout.clusterBytes();
            }
        }
        table.write(scope.storage(), offset, 0, table.capacity());
    }

    private void fill(ByteBuffer block, long first) {
        for (int i = 0; i < layout.refcountBlockEntries(); i++) {
            Refcounts.set(
                    block, layout.refcountOrder(), i, Math.min(layout.maxRefcount(), references.count(first + i)));
        }
    }
}
