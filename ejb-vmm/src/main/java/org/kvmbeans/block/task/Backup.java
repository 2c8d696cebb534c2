package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
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

    public Backup(CopyMeans means, SwitchableImage disk) {
        this.means = means;
        this.disk = disk;
    }

    /**
     * Backs up to a new file.
     *
     * @param beginning says what
     * @param maker makes the copy: where only parts are copied, over the backup before, or as an image of these parts
     * @param path has its name only when it is whole and durable
     * @throws java.util.concurrent.CancellationException from {@code progress}; the file does not exist then
     */
    public void run(Beginning beginning, ImageMaker maker, Path path, NewImage.Existing existing, Progress progress)
            throws IOException {
        run(beginning, CopyTarget.file(maker, path, disk.sizeBytes(), existing, maker::open), progress);
    }

    /**
     * Backs up to any target.
     *
     * @param target is closed by this
     */
    public void run(Beginning beginning, CopyTarget target, Progress progress) throws IOException {
        boolean done = false;
        try (CopyTarget closing = target;
                SwitchableImage.Claim claim = disk.claim("a backup")) {
            // Parts of an incremental copy hide the backup before, also where they are zeros.
            LiveSink.Contents contents = closing.readsZeros() && beginning == Beginning.ALL
                    ? LiveSink.Contents.ZEROS
                    : LiveSink.Contents.ANYTHING;
            LiveSink sink = new LiveSink(closing.image(), closing.unitBytes(), contents);
            copy(beginning, BackupParts.map(disk.sizeBytes(), sink.unitBytes()), sink, progress);
            closing.finish();
            done = true;
        } finally {
            if (!done) {
                beginning.failed();
            }
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
