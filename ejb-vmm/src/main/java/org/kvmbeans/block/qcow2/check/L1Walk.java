package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Layout;

/** Counts the L2 tables that L1 tables point to; when repairing, drops entries that point to none. */
final class L1Walk {
    private final Scope scope;
    private final TableReader reader;

    L1Walk(Scope scope) {
        this.scope = scope;
        this.reader = new TableReader(scope);
    }

    void run(MetadataWalk.L1Table table) throws IOException {
        reader.read(table.pointer().offset(), table.pointer().count(), (bytes, count, first) -> {
            boolean changed = false;
            for (int i = 0; i < count; i++) {
                long entry = bytes.getLong(i * Long.BYTES);
                if (entry != 0) {
                    changed |= check(bytes, i, entry, first + i, table.active());
                }
            }
            scope.advance((long) count * Long.BYTES);
            return changed && scope.repairing();
        });
    }

    private boolean check(ByteBuffer bytes, int at, long entry, long index, boolean active) throws IOException {
        long right = entry;
        if ((entry & Qcow2Layout.L1_RESERVED_MASK) != 0) {
            scope.findings().corruption("L1 entry %d is 0x%x, with reserved bits", index, entry);
            right &= ~Qcow2Layout.L1_RESERVED_MASK;
        }
        long offset = right & Qcow2Layout.L1_OFFSET_MASK;
        if (!scope.isCluster(offset)) {
            if (right != 0) {
                scope.findings().corruption("L1 entry %d is 0x%x, which is no cluster of the file", index, entry);
            }
            right = 0;
        } else if (!count(offset >>> scope.layout().clusterBits(), right, active)) {
            scope.findings()
                    .corruption("L1 entry %d leads to byte %d, which is in use for something else", index, offset);
            right = 0;
        }
        bytes.putLong(at * Long.BYTES, right);
        return right != entry;
    }

    private boolean count(long cluster, long entry, boolean active) throws IOException {
        References references = scope.references();
        // The clusters of a data file have one place on the disk each, and so have their L2 tables.
        boolean single = active && scope.header().has(Feature.EXTERNAL_DATA);
        int others = References.EXCLUSIVE | (single ? References.COPIED | References.SHARED : 0);
        if ((references.state(cluster) & others) != 0) {
            return false;
        }
        int flag = entry < 0 ? References.COPIED : References.SHARED;
        int before = references.add(cluster, 1, References.L2_TABLE | (active ? flag : 0));
        if (before == 0) {
            scope.expect(scope.layout().clusterBytes());
        }
        return true;
    }
}
