package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.Preallocation;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.ImageMaker;
import org.kvmbeans.block.task.RawMaker;
import org.kvmbeans.sys.Posix;

/** Makes new images in pools. */
final class ImageCreation {
    private static final int SECTOR_BYTES = 512;

    private final Posix posix;
    private final ImageAccess access;

    ImageCreation(Posix posix, ImageAccess access) {
        this.posix = posix;
        this.access = access;
    }

    /** Refuses a size that no disk has. */
    static void requireSize(long bytes) {
        if (bytes <= 0 || bytes % SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    "bytes is " + bytes + "; give the size of the disk, above 0 and a multiple of " + SECTOR_BYTES);
        }
    }

    /** Makes an image without contents and gives it its name; nothing is left of it where that fails or is called off. */
    void create(
            Pool pool, String name, long bytes, ImageOptions options, @Nullable PoolImage backing, Progress progress)
            throws IOException {
        Path file = pool.unfinished(name);
        try {
            if (options.format() == DiskFormat.QCOW2) {
                new Qcow2Maker(posix, access, qcow2(pool, options, backing), backing).make(file, bytes, progress);
            } else {
                rawMaker(options).make(file, bytes);
            }
            pool.publish(file, name, new ImageRegistry.Entry(options.format(), ""));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** What makes images of these options in a pool, for operations that fill them. */
    ImageMaker maker(Pool pool, ImageOptions options, @Nullable PoolImage backing) {
        return options.format() == DiskFormat.QCOW2
                ? new Qcow2Maker(posix, access, qcow2(pool, options, backing), backing)
                : rawMaker(options);
    }

    static Qcow2Options qcow2(Pool pool, ImageOptions options, @Nullable PoolImage backing) {
        return backing == null
                ? options.qcow2()
                : options.qcow2().withBacking(ImageAccess.reference(pool.directory(), backing));
    }

    private RawMaker rawMaker(ImageOptions options) {
        RawMaker.Preallocation preallocation = options.preallocation() == Preallocation.METADATA
                ? RawMaker.Preallocation.OFF
                : RawMaker.Preallocation.valueOf(options.preallocation().name());
        return new RawMaker(posix, CacheMode.WRITEBACK, preallocation);
    }
}
