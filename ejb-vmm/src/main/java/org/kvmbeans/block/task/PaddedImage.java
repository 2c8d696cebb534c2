package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** An image as a larger disk over it shows it: zeros follow its end. Used by many threads. */
final class PaddedImage implements CopySource {
    private final Posix posix;
    private final @Nullable DiskImage image;

    /** @param image null for zeros alone */
    PaddedImage(Posix posix, @Nullable DiskImage image) {
        this.posix = posix;
        this.image = image;
    }

    @Override
    public Stretch stretch(long offset, long length) throws IOException {
        return Stretch.of(extent(offset, length));
    }

    /** As {@link DiskImage#extent}. */
    Extent extent(long offset, long length) throws IOException {
        long size = image == null ? 0 : image.sizeBytes();
        return image == null || offset >= size
                ? new Extent(offset, length, Extent.Kind.UNALLOCATED, 0, -1)
                : image.extent(offset, Math.min(length, size - offset));
    }

    /** Where the zeros end that begin at {@code offset}, as far as they are known to be, at most {@code end}. */
    long zeroEnd(long offset, long end) throws IOException {
        long at = offset;
        while (at < end) {
            Extent extent = extent(at, end - at);
            if (!extent.readsAsZeros()) {
                break;
            }
            at = extent.end();
        }
        return at;
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        long length = target.totalBytes();
        long inside = image == null ? 0 : Math.max(0, Math.min(length, image.sizeBytes() - offset));
        if (image != null && inside == length) {
            image.read(offset, target);
            return;
        }
        if (image != null && inside > 0) {
            IoVector part = new IoVector(posix, target.count());
            target.sliceInto(part, 0, inside);
            image.read(offset, part);
        }
        target.zero(inside, length - inside);
    }
}
