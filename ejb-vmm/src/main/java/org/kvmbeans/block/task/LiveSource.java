package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.sys.IoVector;

/** A disk in use as what a copy reads from: beside the guest's requests, or, while there are none, past their gate. */
final class LiveSource implements CopySource {
    private final SwitchableImage disk;
    private final Scope scope;
    /** Set while no request may begin. */
    private volatile @Nullable DiskImage direct;

    /** What of a disk is copied. */
    enum Scope {
        /** All that it shows. */
        ALL,
        /** What its top image has itself. */
        TOP
    }

    LiveSource(SwitchableImage disk, Scope scope) {
        this.disk = disk;
        this.scope = scope;
    }

    /** Reads from {@code image}, which is the disk's, without asking for permission; null to ask again. */
    void readDirectly(@Nullable DiskImage image) {
        direct = image;
    }

    private <T> T use(SwitchableImage.Use<T> use) throws IOException {
        DiskImage image = direct;
        return image == null ? disk.use(use) : use.with(image);
    }

    @Override
    public Stretch stretch(long offset, long length) throws IOException {
        return use(image -> scope == Scope.TOP && image instanceof LayeredImage top
                ? Stretch.ofOwn(top.ownExtent(offset, length))
                : Stretch.of(image.extent(offset, length)));
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        use(image -> {
            image.read(offset, target);
            return target;
        });
    }
}
