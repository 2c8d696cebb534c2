package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.Progress;

/** Puts an image, which is not in use, over another backing file, or over none. */
public final class Rebase {
    private final CopyMeans means;
    private final Contents contents;

    /** What becomes of the image's contents. */
    public enum Contents {
        /** They stay: what the old and the new backing file differ in is copied to the image first. */
        KEPT,
        /** They change by what the two differ in: the reference alone is changed, as when the file was moved. */
        FOLLOW
    }

    public Rebase(CopyMeans means, Contents contents) {
        this.means = means;
        this.contents = contents;
    }

    /**
     * Changes the backing file. Until the last moment the image has its old one and the same contents.
     *
     * @param image opened to read and write
     * @param reference how it is to name the new backing file; null for none
     * @param backing the new one, opened to read, or null; the image's from then on, and closed where this fails
     * @throws java.util.concurrent.CancellationException from {@code progress}
     */
    public void run(
            LayeredImage image, @Nullable BackingReference reference, @Nullable DiskImage backing, Progress progress)
            throws IOException {
        boolean changed = false;
        try {
            if ((reference == null) != (backing == null)) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED, "rebase", "a reference and an image to it come together, or neither");
            }
            if (contents == Contents.KEPT) {
                copyDifferences(image, backing, progress);
                image.flush();
            }
            image.changeBacking(reference, backing);
            changed = true;
        } finally {
            if (!changed && backing != null) {
                backing.close();
            }
        }
    }

    private void copyDifferences(LayeredImage image, @Nullable DiskImage backing, Progress progress)
            throws IOException {
        PaddedImage old = new PaddedImage(means.posix(), image.backing());
        PaddedImage next = new PaddedImage(means.posix(), backing);
        long size = image.sizeBytes();
        int piece = means.bufferBytes();
        CopyMeter meter = new CopyMeter(progress, size);
        try (CopyCrew crew = new CopyCrew(means.posix(), "rebase", means.workers(), 2 * piece, meter)) {
            for (long at = 0; at < size; ) {
                Extent own = image.ownExtent(at, size - at);
                long end = own.end();
                if (own.kind() == Extent.Kind.UNALLOCATED) {
                    end = next.zeroEnd(at, old.zeroEnd(at, end));
                }
                if (end > at) {
                    meter.skipped(end - at);
                    meter.run();
                } else {
                    end = Math.min(own.end(), (at / piece + 1) * piece);
                    Difference difference = new Difference(image, old, next, at, end);
                    means.pace().admit(end - at, meter);
                    crew.give(buffer -> {
                        difference.copy(buffer, piece);
                        meter.copied(difference.to() - difference.from());
                    });
                }
                at = end;
            }
            crew.awaitAll();
        }
        meter.run();
    }

    /** A range that the image has not got itself. */
    private record Difference(LayeredImage image, PaddedImage old, PaddedImage next, long from, long to) {
        /** What differs is copied so much at a time. */
        private static final int UNIT_BYTES = 64 << 10;

        void copy(CopyBuffer buffer, int half) throws IOException {
            old.read(from, buffer.part(0, (int) (to - from)));
            next.read(from, buffer.part(half, (int) (to - from)));
            long run = -1;
            for (long at = from; at < to; ) {
                long end = Math.min(to, (at / UNIT_BYTES + 1) * UNIT_BYTES);
                int start = (int) (at - from);
                boolean differs = buffer.mismatch(start, buffer, half + start, (int) (end - at)) >= 0;
                if (differs && run < 0) {
                    run = at;
                } else if (!differs && run >= 0) {
                    image.populate(run, at - run);
                    run = -1;
                }
                at = end;
            }
            if (run >= 0) {
                image.populate(run, to - run);
            }
        }
    }
}
