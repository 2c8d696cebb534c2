package org.kvmbeans.block.qcow2.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.BitmapDirectory;
import org.kvmbeans.block.qcow2.BitmapDirectoryPointer;
import org.kvmbeans.block.qcow2.BitmapEntry;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2HeaderFile;
import org.kvmbeans.block.qcow2.Snapshot;
import org.kvmbeans.block.qcow2.SnapshotTable;
import org.kvmbeans.block.qcow2.StorageBuffer;
import org.kvmbeans.block.qcow2.TablePointer;
import org.kvmbeans.sys.Posix;

/**
 * Checks and repairs images, as {@code qemu-img check} does.
 *
 * <p>Everything that an image refers to is counted and compared with its refcounts. The memory for it is a byte for a
 * cluster of the file, four where there are many references, and never more than a quarter of the heap. The image is not in
 * use meanwhile.
 */
public final class Qcow2Check {
    /** Check, dropping what leads nowhere, refcounts, last check. */
    private static final int REPAIR_STAGES = 4;

    private final Posix posix;
    private final Storage storage;
    private final Progress progress;
    private final long maxBytes = Runtime.getRuntime().maxMemory() / 4;

    private Qcow2Check(Posix posix, Storage storage, Progress progress) {
        this.posix = posix;
        this.storage = storage;
        this.progress = progress;
    }

    /**
     * Checks an image.
     *
     * @param progress counts bytes of tables; what it throws ends the check
     * @throws DiskImageException where its header is none, the storage fails, or there is not enough memory
     */
    public static CheckResult check(Posix posix, Storage storage, Progress progress) throws IOException {
        Qcow2Check check = new Qcow2Check(posix, storage, progress);
        return check.pass(Qcow2HeaderFile.open(posix, storage).header(), null, progress)
                .result(0, 0);
    }

    /**
     * Repairs an image. Whatever happens on the way, nothing that could be read before cannot be read afterwards, except what
     * {@link Repair#ALL} drops.
     *
     * @param storage opened to be written
     * @param progress counts thousandths; what it throws ends the repair, and another one goes on where this ended
     * @return what is still wrong, and how much was repaired
     */
    public static CheckResult repair(Posix posix, Storage storage, Repair repair, Progress progress)
            throws IOException {
        return new Qcow2Check(posix, storage, progress).repair(repair);
    }

    private CheckResult repair(Repair repair) throws IOException {
        Qcow2HeaderFile file = Qcow2HeaderFile.open(posix, storage);
        StagedProgress stages = new StagedProgress(progress, REPAIR_STAGES);
        Pass before = pass(file.header(), null, stages.stage(0));
        Findings found = before.scope.findings();
        if (found.checkErrors() > 0) {
            return before.result(0, 0);
        }
        file.replace(file.header().forWriting());
        if (found.leaks() == 0 && found.corruptions() == 0) {
            markClean(file);
            return before.result(0, 0);
        }
        if (repair == Repair.ALL && found.corruptions() > 0) {
            markDirty(file);
            dropBroken(file, stages.stage(1));
            storage.flush();
        }
        settleRefcounts(file, repair, stages.stage(2));
        storage.flush();
        Pass after = pass(file.header(), null, stages.stage(3));
        Findings left = after.scope.findings();
        if (left.corruptions() == 0 && left.checkErrors() == 0) {
            markClean(file);
        }
        return after.result(
                        Math.max(0, found.leaks() - left.leaks()),
                        Math.max(0, found.corruptions() - left.corruptions()))
                .withFindings(found.texts());
    }

    /** Until it is repaired, whoever opens it is to know that its refcounts cannot be relied on. */
    private static void markDirty(Qcow2HeaderFile file) throws IOException {
        if (file.header().version() > 2) {
            file.replace(file.header().with(Feature.DIRTY));
        }
    }

    private static void markClean(Qcow2HeaderFile file) throws IOException {
        file.replace(file.header().without(Feature.DIRTY).without(Feature.CORRUPT));
    }

    /** An image as one pass has seen it. */
    private record Pass(Scope scope, RefcountTable table, RefcountComparison comparison, ClusterStatistics clusters) {
        CheckResult result(long leaksFixed, long corruptionsFixed) {
            Findings findings = scope.findings();
            return new CheckResult(
                    findings.leaks(),
                    findings.corruptions(),
                    findings.checkErrors(),
                    leaksFixed,
                    corruptionsFixed,
                    comparison.imageEndOffset(),
                    clusters,
                    findings.texts());
        }
    }

    private Pass pass(Qcow2Header header, @Nullable Repair repair, Progress passProgress) throws IOException {
        Scope scope = new Scope(posix, storage, header, false, passProgress, maxBytes);
        MetadataWalk metadata = new MetadataWalk(scope);
        ClusterStatistics clusters = count(scope, metadata);
        RefcountTable table = new RefcountTable(scope);
        RefcountComparison comparison = new RefcountComparison(scope, table, repair);
        comparison.run();
        scope.finish();
        return new Pass(scope, table, comparison, clusters);
    }

    private static ClusterStatistics count(Scope scope, MetadataWalk metadata) throws IOException {
        metadata.run();
        L1Walk l1 = new L1Walk(scope);
        for (MetadataWalk.L1Table table : metadata.l1Tables()) {
            l1.run(table);
        }
        L2Walk l2 = new L2Walk(scope);
        l2.run();
        if (scope.header().has(Feature.EXTERNAL_DATA)) {
            new DataFileWalk(scope).run();
        }
        return l2.statistics();
    }

    /** Drops entries that lead nowhere, and snapshots and bitmaps that have lost their tables. */
    private void dropBroken(Qcow2HeaderFile file, Progress passProgress) throws IOException {
        Scope scope = new Scope(posix, storage, file.header(), true, passProgress, maxBytes);
        MetadataWalk metadata = new MetadataWalk(scope);
        count(scope, metadata);
        if (metadata.snapshotsChanged()) {
            file.replace(file.header().withSnapshotTable(writeSnapshots(scope, metadata.snapshots())));
        }
        if (metadata.bitmapsChanged()) {
            BitmapDirectoryPointer directory = writeBitmaps(scope, metadata.bitmaps());
            Qcow2Header next =
                    file.header().withExtensions(file.header().extensions().withBitmaps(directory));
            file.replace(directory == null ? next.without(Feature.BITMAPS) : next);
        }
    }

    private TablePointer writeSnapshots(Scope scope, List<Snapshot> snapshots) throws IOException {
        if (snapshots.isEmpty()) {
            return TablePointer.NONE;
        }
        ByteBuffer table = SnapshotTable.encode(snapshots, scope.header().sizeBytes());
        return new TablePointer(append(scope, table), snapshots.size());
    }

    private @Nullable BitmapDirectoryPointer writeBitmaps(Scope scope, List<BitmapEntry> bitmaps) throws IOException {
        if (bitmaps.isEmpty()) {
            return null;
        }
        ByteBuffer directory = BitmapDirectory.encode(bitmaps);
        return new BitmapDirectoryPointer(bitmaps.size(), append(scope, directory), directory.capacity());
    }

    /** Writes a table behind everything else. */
    private long append(Scope scope, ByteBuffer table) throws IOException {
        long first = scope.fileClusters();
        scope.growTo(first + scope.layout().clusters(table.capacity()));
        StorageBuffer buffer = new StorageBuffer(posix, table.capacity());
        buffer.bytes().put(0, table, 0, table.capacity());
        long offset = first << scope.layout().clusterBits();
        buffer.write(storage, offset, 0, buffer.capacity());
        return offset;
    }

    private void settleRefcounts(Qcow2HeaderFile file, Repair repair, Progress passProgress) throws IOException {
        Pass pass = pass(file.header(), repair, passProgress);
        boolean rebuild = pass.table.broken() || pass.comparison.missingBlock();
        if (repair == Repair.ALL && rebuild) {
            Scope scope = new Scope(posix, storage, file.header(), false, Progress.NONE, maxBytes);
            count(scope, new MetadataWalk(scope));
            TablePointer table = new RefcountRebuild(scope).run(pass.scope.references());
            file.replace(file.header().withRefcountTable(table));
        }
        if (pass.comparison.wrongFlags() && (repair == Repair.ALL || !rebuild)) {
            // Refcounts come first: an entry that says less than they do costs a copy, one that says more costs data.
            storage.flush();
            new CopiedFlags(pass.scope).run();
        }
    }
}
