package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.TablePointer;

/**
 * Where an image has its refcount blocks. They are counted after everything else: what overlaps them is kept, and they are
 * made anew.
 */
final class RefcountTable {
    private final Scope scope;
    private final long[] blocks;
    private boolean broken;

    RefcountTable(Scope scope) throws IOException {
        this.scope = scope;
        TablePointer table = scope.header().refcountTable();
        Qcow2Layout layout = scope.layout();
        long bytes = (long) table.count() << layout.clusterBits();
        boolean present = table.count() > 0 && scope.claim("the refcount table", table.offset(), bytes);
        broken = !present;
        blocks = new long[present ? (int) (bytes / Long.BYTES) : 0];
        if (table.count() == 0) {
            scope.findings().corruption("there is no refcount table");
        }
        if (!present) {
            return;
        }
        scope.expect(bytes);
        TableReader reader = new TableReader(scope);
        reader.read(table.offset(), blocks.length, (piece, count, first) -> {
            for (int i = 0; i < count; i++) {
                long entry = piece.getLong(i * Long.BYTES);
                if (entry != 0) {
                    add((int) first + i, entry);
                }
            }
            scope.advance((long) count * Long.BYTES);
            return false;
        });
    }

    private void add(int index, long entry) throws IOException {
        if ((entry & Qcow2Layout.REFCOUNT_RESERVED_MASK) != 0 || !scope.isCluster(entry)) {
            scope.findings()
                    .corruption("refcount table entry %d is 0x%x, which is no cluster of the file", index, entry);
            broken = true;
        } else if (scope.claim("a refcount block", entry, scope.layout().clusterBytes())) {
            blocks[index] = entry;
            scope.expect(scope.layout().clusterBytes());
        } else {
            broken = true;
        }
    }

    /** Entries of the table. */
    int entries() {
        return blocks.length;
    }

    /** Where a block lies; 0 where there is none that can be used. */
    long block(long index) {
        return index < blocks.length ? blocks[(int) index] : 0;
    }

    /** Whether entries are wrong, so that it has to be made anew. */
    boolean broken() {
        return broken;
    }
}
