package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.StorageBuffer;
import org.kvmbeans.block.qcow2.TablePointer;

/**
 * Checks the L2 tables of an image with a data file, in which every cluster of the disk lies where it lies on the disk
 * (specification, "External data file bit").
 */
final class DataFileWalk {
    private final Scope scope;
    private final Qcow2Layout layout;
    private final StorageBuffer l2Table;

    DataFileWalk(Scope scope) {
        this.scope = scope;
        layout = scope.layout();
        l2Table = new StorageBuffer(scope.posix(), layout.clusterBytes());
    }

    void run() throws IOException {
        TablePointer l1 = scope.header().l1Table();
        new TableReader(scope).read(l1.offset(), l1.count(), (bytes, count, first) -> {
            for (int i = 0; i < count; i++) {
                long table = bytes.getLong(i * Long.BYTES) & Qcow2Layout.L1_OFFSET_MASK;
                int state = scope.references().state(table >>> layout.clusterBits());
                if (scope.isCluster(table) && (state & References.L2_TABLE) != 0) {
                    walk(table, (first + i) << layout.l1EntryBits());
                }
            }
            return false;
        });
    }

    private void walk(long table, long firstDiskOffset) throws IOException {
        ByteBuffer bytes = l2Table.bytes();
        l2Table.read(scope.storage(), table, 0, l2Table.capacity());
        boolean changed = false;
        long diskOffset = firstDiskOffset;
        for (int at = 0; at < layout.clusterBytes(); at += layout.l2EntryBytes()) {
            long entry = bytes.getLong(at);
            long offset = entry & Qcow2Layout.L2_OFFSET_MASK;
            boolean present = offset != 0 || entry < 0;
            if (present && (entry & Qcow2Layout.COMPRESSED) == 0 && offset != diskOffset) {
                scope.findings().corruption("L2 entry 0x%x is not at byte %d of the data file", entry, diskOffset);
                bytes.putLong(at, (entry & ~Qcow2Layout.L2_OFFSET_MASK) | diskOffset);
                changed = true;
            }
            diskOffset += layout.clusterBytes();
        }
        if (changed && scope.repairing()) {
            l2Table.write(scope.storage(), table, 0, l2Table.capacity());
        }
    }
}
