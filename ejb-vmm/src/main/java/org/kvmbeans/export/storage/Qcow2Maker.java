package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.Qcow2Creator;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.ImageMaker;
import org.kvmbeans.sys.Posix;

/** Makes qcow2 image files in a pool. */
final class Qcow2Maker implements ImageMaker {
    private final Posix posix;
    private final ImageAccess access;
    private final Qcow2Options options;
    private final @Nullable PoolImage backing;

    /** @param backing the image that {@code options} name as the backing file, or null where they name none */
    Qcow2Maker(Posix posix, ImageAccess access, Qcow2Options options, @Nullable PoolImage backing) {
        this.posix = posix;
        this.access = access;
        this.options = options;
        this.backing = backing;
    }

    @Override
    public void make(Path path, long sizeBytes) throws IOException {
        make(path, sizeBytes, Progress.NONE);
    }

    void make(Path path, long sizeBytes, Progress progress) throws IOException {
        OwnerOnlyFiles.createFile(path);
        OpenOptions writing = new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK);
        try (HostFile file = HostFile.open(posix, path.toString(), writing)) {
            Qcow2Creator.create(posix, file, null, sizeBytes, options, progress);
        }
    }

    @Override
    public DiskImage open(Path path) throws IOException {
        return access.open(path, DiskFormat.QCOW2, Access.READ_WRITE);
    }

    @Override
    public int unitBytes() {
        return options.clusterBytes();
    }

    @Override
    public @Nullable DiskImage openBacking() throws IOException {
        return backing == null ? null : access.open(backing, Access.READ_ONLY);
    }
}
