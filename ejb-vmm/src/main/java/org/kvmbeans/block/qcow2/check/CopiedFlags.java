package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.StorageBuffer;
import org.kvmbeans.block.qcow2.TablePointer;

/** Makes the entries that the disk uses say whether they are the only reference to their cluster, as was counted. */
final class CopiedFlags {
    private final Scope scope;
    private final Qcow2Layout layout;
    private final References references;
    private final StorageBuffer l2Table;

    CopiedFlags(Scope scope) {
        this.scope = scope;
        layout = scope.layout();
        references = scope.references();
        l2Table = new StorageBuffer(scope.posix(), layout.clusterBytes());
    }

    void run() throws IOException {
        TablePointer l1 = scope.header().l1Table();
        new TableReader(scope).read(l1.offset(), l1.count(), (bytes, count, first) -> {
            boolean changed = false;
            for (int i = 0; i < count; i++) {
                long entry = bytes.getLong(i * Long.BYTES);
                long offset = entry & Qcow2Layout.L1_OFFSET_MASK;
                if (scope.isCluster(offset)) {
                    changed |= correct(bytes, i * Long.BYTES, entry, offset);
                    if (!scope.header().has(Feature.EXTERNAL_DATA)) {
                        correctL2Table(offset);
                    }
                }
            }
            return changed;
        });
    }

    private void correctL2Table(long offset) throws IOException {
        ByteBuffer bytes = l2Table.bytes();
        l2Table.read(scope.storage(), offset, 0, l2Table.capacity());
        boolean changed = false;
        for (int at = 0; at < layout.clusterBytes(); at += layout.l2EntryBytes()) {
            long entry = bytes.getLong(at);
            long cluster = entry & Qcow2Layout.L2_OFFSET_MASK;
            if ((entry & Qcow2Layout.COMPRESSED) == 0 && scope.isCluster(cluster)) {
                changed |= correct(bytes, at, entry, cluster);
            }
        }
        if (changed) {
            l2Table.write(scope.storage(), offset, 0, l2Table.capacity());
        }
    }

    private boolean correct(ByteBuffer bytes, int at, long entry, long offset) {
        boolean only = references.count(offset >>> layout.clusterBits()) == 1;
        if (entry < 0 == only) {
            return false;
        }
        bytes.putLong(at, entry ^ Qcow2Layout.COPIED);
        return true;
    }
}
