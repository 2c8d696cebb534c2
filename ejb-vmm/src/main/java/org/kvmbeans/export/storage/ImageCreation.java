package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.qcow2.Preallocation;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.ImageMaker;
import org.kvmbeans.block.task.LuksMaker;
import org.kvmbeans.block.task.NewImage;
import org.kvmbeans.block.task.Qcow2Maker;
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

    /** Makes an image without contents and gives it its name; nothing is left of it where that fails. */
    void create(Pool pool, String name, long bytes, ImageOptions options, @Nullable PoolImage backing)
            throws IOException {
        Path target = pool.directory().resolve(name);
        NewImage.makeEmpty(maker(pool, target, options, backing), target, bytes, NewImage.Existing.REFUSE);
        pool.register(name, entry(options));
    }

    /** What the registry says of an image that was made so. */
    static ImageRegistry.Entry entry(ImageOptions options) {
        return new ImageRegistry.Entry(options.format(), options.secret());
    }

    /** What makes an image of these options in a pool. */
    ImageMaker maker(Pool pool, Path target, ImageOptions options, @Nullable PoolImage backing) {
        OpenOptions opening = access.optionsOfNew(target, CacheMode.WRITEBACK, options.secret());
        return switch (options.format()) {
            case RAW -> rawMaker(options);
            case QCOW2 ->
                new Qcow2Maker(posix, access.opener(), opening, qcow2(pool, options, backing), options.storing());
            case LUKS -> new LuksMaker(posix, opening, Objects.requireNonNull(options.luks()));
        };
    }

    /** The options of a qcow2 image with its backing file and its encryption. */
    Qcow2Options qcow2(Pool pool, ImageOptions options, @Nullable PoolImage backing) {
        Qcow2Options qcow2 = backing == null
                ? options.qcow2()
                : options.qcow2().withBacking(ImageAccess.reference(pool.directory(), backing));
        LuksOptions luks = options.luks();
        return luks == null ? qcow2 : qcow2.withEncryption(Qcow2Maker.encryption(posix, luks));
    }

    private RawMaker rawMaker(ImageOptions options) {
        RawMaker.Preallocation preallocation = options.preallocation() == Preallocation.METADATA
                ? RawMaker.Preallocation.OFF
                : RawMaker.Preallocation.valueOf(options.preallocation().name());
        return new RawMaker(posix, CacheMode.WRITEBACK, preallocation);
    }
}
