package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;

/**
 * Copies a disk in use as it is at the moment when the backup begins: all of it, or what a map says. Before the guest
 * changes a part that is not copied yet, that part is copied, and the guest waits for it. A backup that fails does the guest
 * no harm.
 */
public final class Backup {
    private final CopyMeans means;
    private final SwitchableImage disk;

    /** Prepares what is backed up, at the moment that the backup is of; the guest's requests wait. */
    @FunctionalInterface
    public interface Beginning {
        /**
         * Marks what is to be copied; for an incremental backup it takes the changes so far out of the map that collects
         * them.
         */
        void mark(DirtyMap parts, DiskImage image) throws IOException;

        /** All. */
        Beginning FULL = (parts, image) -> parts.markAll();
    }

    public Backup(CopyMeans means, SwitchableImage disk) {
        this.means = means;
        this.disk = disk;
    }

    /**
     * Backs up.
     *
     * @param beginning says what
     * @param maker makes the copy: where only parts are copied, over the backup before, or as an image of these parts
     * @param target has its name only when it is whole and durable
     * @throws java.util.concurrent.CancellationException from {@code progress}; the target does not exist then
     */
    public void run(Beginning beginning, ImageMaker maker, Path target, NewImage.Existing existing, Progress progress)
            throws IOException {
        try (SwitchableImage.Claim claim = disk.claim("a backup");
                NewImage made = NewImage.make(maker, target, disk.sizeBytes(), existing)) {
            // Parts of an incremental copy hide the backup before, also where they are zeros.
            LiveSink.Contents contents = beginning == Beginning.FULL && maker.readsZeros()
                    ? LiveSink.Contents.ZEROS
                    : LiveSink.Contents.ANYTHING;
            LiveSink sink = new LiveSink(made.image(), maker.unitBytes(), contents);
            DirtyMap parts = BackupParts.map(disk.sizeBytes(), sink.unitBytes());
            copy(beginning, parts, sink, progress);
            made.finish();
        }
    }

    private void copy(Beginning beginning, DirtyMap map, CopySink sink, Progress progress) throws IOException {
        CopyMeter meter = new CopyMeter(progress, 0);
        BackupParts parts = disk.exclusively(exclusive -> {
            beginning.mark(map, exclusive.current());
            BackupParts begun = new BackupParts(means.posix(), exclusive.current(), sink, map);
            exclusive.watch(begun);
            return begun;
        });
        CopyMeans fitting = means.forUnits(map.granularityBytes());
        int piece = fitting.bufferBytes();
        try (CopyCrew crew = new CopyCrew(means.posix(), "backup", means.workers(), piece, meter)) {
            meter.added(map.dirtyBytes());
            for (long at = map.nextDirty(0); at >= 0; at = at < map.sizeBytes() ? map.nextDirty(at) : -1) {
                parts.throwFailure();
                long from = at;
                long to = Math.min(map.sizeBytes(), (at / piece + 1) * piece);
                means.pace().admit(map.dirtyEnd(from, to) - from, meter);
                crew.give(buffer -> meter.copied(disk.use(image -> parts.copy(from, to, buffer))));
                at = to;
            }
            crew.awaitAll();
            parts.awaitWriters();
            parts.throwFailure();
            meter.run();
        } finally {
            parts.end();
            if (!disk.isClosed()) {
                disk.exclusively(exclusive -> {
                    exclusive.unwatch(parts);
                    return exclusive;
                });
            }
        }
    }
}
