package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.StorageBuffer;

/**
 * Counts the clusters that L2 tables point to. Each table is read once, however many L1 tables share it, in the order in
 * which they lie in the file.
 */
final class L2Walk {
    private final Scope scope;
    private final Qcow2Layout layout;
    private final References references;
    private final StorageBuffer buffer;
    private final L2EntryCheck entries;
    private final int maxTables;
    /** Where the hole ends that was met last. */
    private long holeEnd;

    L2Walk(Scope scope) {
        this.scope = scope;
        this.layout = scope.layout();
        this.references = scope.references();
        this.maxTables = scope.pieceBytes() / layout.clusterBytes();
        this.buffer = new StorageBuffer(scope.posix(), scope.pieceBytes());
        this.entries = new L2EntryCheck(scope);
    }

    /** Follows all L2 tables that were counted. */
    void run() throws IOException {
        // Clusters that are appended meanwhile hold no tables.
        long last = scope.fileClusters();
        long next;
        for (long cluster = 0;
                (cluster = references.next(cluster, References.L2_TABLE)) >= 0 && cluster < last;
                cluster = next) {
            next = cluster + 1;
            if (isHole(cluster)) {
                scope.advance(layout.clusterBytes());
                continue;
            }
            while (next < last && next - cluster < maxTables && (references.state(next) & References.L2_TABLE) != 0) {
                next++;
            }
            read(cluster, (int) (next - cluster));
        }
    }

    private boolean isHole(long cluster) throws IOException {
        long offset = cluster << layout.clusterBits();
        if (offset < holeEnd) {
            return offset + layout.clusterBytes() <= holeEnd;
        }
        Extent extent = scope.storage().extent(offset, (scope.fileClusters() << layout.clusterBits()) - offset);
        if (!extent.readsAsZeros()) {
            return false;
        }
        holeEnd = extent.end();
        return offset + layout.clusterBytes() <= holeEnd;
    }

    private void read(long cluster, int tables) throws IOException {
        buffer.read(scope.storage(), cluster << layout.clusterBits(), 0, tables * layout.clusterBytes());
        for (int i = 0; i < tables; i++) {
            int position = i * layout.clusterBytes();
            ByteBuffer table = buffer.bytes();
            boolean changed = entries.check(table, position, cluster + i);
            if (entries.takeMoved()) {
                scope.storage().flush();
            }
            if (changed && scope.repairing()) {
                buffer.write(scope.storage(), (cluster + i) << layout.clusterBits(), position, layout.clusterBytes());
            }
            scope.advance(layout.clusterBytes());
        }
    }

    ClusterStatistics statistics() {
        return entries.statistics();
    }
}
