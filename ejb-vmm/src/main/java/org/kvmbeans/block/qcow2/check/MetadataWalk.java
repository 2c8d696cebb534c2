package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.qcow2.BitmapDirectory;
import org.kvmbeans.block.qcow2.BitmapDirectoryPointer;
import org.kvmbeans.block.qcow2.BitmapEntry;
import org.kvmbeans.block.qcow2.EncryptionHeader;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.Snapshot;
import org.kvmbeans.block.qcow2.SnapshotTable;
import org.kvmbeans.block.qcow2.TablePointer;

/**
 * Counts the clusters of everything but L2 tables and the disk: the header, the LUKS header, L1 tables, snapshots, bitmaps.
 * What cannot stay is left out of {@link #snapshots} and {@link #bitmaps}, so that a repair writes what is left.
 */
final class MetadataWalk {
    private final Scope scope;
    private final Qcow2Header header;
    private final Findings findings;
    private final TableReader reader;
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final List<BitmapEntry> bitmaps = new ArrayList<>();
    private final List<L1Table> l1Tables = new ArrayList<>();
    private boolean snapshotsChanged;
    private boolean bitmapsChanged;

    MetadataWalk(Scope scope) {
        this.scope = scope;
        this.header = scope.header();
        this.findings = scope.findings();
        this.reader = new TableReader(scope);
    }

    /** An L1 table that was counted; the disk's own is active. */
    record L1Table(TablePointer pointer, boolean active) {}

    /** Snapshots that can stay. */
    List<Snapshot> snapshots() {
        return snapshots;
    }

    /** Bitmaps that can stay. */
    List<BitmapEntry> bitmaps() {
        return bitmaps;
    }

    /** L1 tables that can be followed. */
    List<L1Table> l1Tables() {
        return l1Tables;
    }

    boolean snapshotsChanged() {
        return snapshotsChanged;
    }

    boolean bitmapsChanged() {
        return bitmapsChanged;
    }

    void run() throws IOException {
        scope.references().add(0, 1, References.EXCLUSIVE);
        EncryptionHeader encryption = header.extensions().encryption();
        if (encryption != null) {
            scope.claimEssential("the LUKS header", encryption.offset(), encryption.bytes());
        }
        TablePointer l1 = header.l1Table();
        if (scope.claimEssential("the active L1 table", l1.offset(), l1Bytes(l1))) {
            addL1Table(l1, true);
        }
        walkSnapshots();
        walkBitmaps();
    }

    private static long l1Bytes(TablePointer l1) {
        return (long) l1.count() * Long.BYTES;
    }

    private void addL1Table(TablePointer l1, boolean active) {
        if (l1.count() > 0) {
            l1Tables.add(new L1Table(l1, active));
            scope.expect(l1Bytes(l1));
        }
    }

    private void walkSnapshots() throws IOException {
        SnapshotTable table;
        try {
            table = SnapshotTable.read(scope.posix(), scope.storage(), header);
        } catch (DiskImageException e) {
            if (e.kind() != DiskImageException.Kind.CORRUPT) {
                throw e;
            }
            // Without the snapshots' L1 tables, what they need would be taken for leaks.
            findings.checkError("the snapshot table cannot be read: " + e.getMessage());
            return;
        }
        if (!scope.claimEssential("the snapshot table", header.snapshotTable().offset(), table.storedBytes())) {
            return;
        }
        for (Snapshot snapshot : table.snapshots()) {
            if (header.version() > 2 && snapshot.diskBytes() < 0) {
                findings.corruption("the entry of snapshot " + snapshot.id() + " has no size of its disk");
                snapshotsChanged = true;
            }
            TablePointer l1 = snapshot.l1Table();
            String problem = snapshot.problem(header.layout());
            if (problem != null) {
                findings.corruption("snapshot " + snapshot.id() + " " + problem);
                snapshotsChanged = true;
            } else if (scope.claim("the L1 table of snapshot " + snapshot.id(), l1.offset(), l1Bytes(l1))) {
                addL1Table(l1, false);
                snapshots.add(snapshot);
            } else {
                snapshotsChanged = true;
            }
        }
    }

    private void walkBitmaps() throws IOException {
        BitmapDirectoryPointer directory = header.consistentBitmaps();
        if (directory == null) {
            return;
        }
        List<BitmapEntry> entries;
        try {
            entries = BitmapDirectory.read(scope.posix(), scope.storage(), header.layout(), directory);
        } catch (DiskImageException e) {
            if (e.kind() != DiskImageException.Kind.CORRUPT) {
                throw e;
            }
            findings.corruption("the bitmaps cannot be read: " + e.getMessage());
            bitmapsChanged = true;
            return;
        }
        bitmapsChanged = !scope.claim("the directory of bitmaps", directory.offset(), directory.bytes());
        for (BitmapEntry entry : entries) {
            if (walkBitmap(entry)) {
                bitmaps.add(entry);
            } else {
                bitmapsChanged = true;
            }
        }
    }

    private boolean walkBitmap(BitmapEntry bitmap) throws IOException {
        TablePointer table = bitmap.table();
        String what = "the table of bitmap " + bitmap.name();
        if (!scope.claim(what, table.offset(), (long) table.count() * Long.BYTES)) {
            return false;
        }
        boolean[] valid = {true};
        scope.expect((long) table.count() * Long.BYTES);
        reader.read(table.offset(), table.count(), (bytes, count, first) -> {
            for (int i = 0; i < count; i++) {
                long entry = bytes.getLong(i * Long.BYTES);
                if (entry == 0 || entry == BitmapDirectory.ALL_ONES) {
                    continue;
                }
                valid[0] &= walkBitmapCluster(what, entry, first + i);
            }
            scope.advance((long) count * Long.BYTES);
            return false;
        });
        return valid[0];
    }

    private boolean walkBitmapCluster(String what, long entry, long index) throws IOException {
        if (!BitmapDirectory.validTableEntry(entry, scope.layout())) {
            findings.corruption(what + " has the entry 0x%x at %d, which may not be", entry, index);
            return false;
        }
        return scope.claim(
                "a cluster of a bitmap",
                entry & Qcow2Layout.BITMAP_OFFSET_MASK,
                scope.layout().clusterBytes());
    }
}
