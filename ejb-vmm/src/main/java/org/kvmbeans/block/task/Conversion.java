package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Progress;
import org.kvmbeans.sys.IoVector;

/**
 * Copies the contents of a disk to a new image, of another format for instance. Zeros become holes; what the new image's
 * backing file shows already is not stored.
 */
public final class Conversion {
    /** Where partition tables, file systems and image formats begin. */
    private static final int HEAD_BYTES = 1 << 20;

    private static final String TARGET = "target";

    private final CopyMeans means;
    private final ImageMaker maker;
    private final NewImage.Existing existing;

    /** @param maker makes the new image */
    public Conversion(CopyMeans means, ImageMaker maker, NewImage.Existing existing) {
        this.means = means;
        this.maker = maker;
        this.existing = existing;
    }

    /**
     * Makes a copy of the same size.
     *
     * @param source is read alone, and not changed by others meanwhile
     * @param target has its name only when the copy is whole and durable
     * @throws java.util.concurrent.CancellationException from {@code progress}; the target does not exist then
     */
    public void run(DiskImage source, Path target, Progress progress) throws IOException {
        run(source, target, source.sizeBytes(), progress);
    }

    /**
     * Makes a copy of another size: shorter, what is cut off being lost, or longer, with zeros.
     *
     * @param sizeBytes a multiple of the source's block size, above 0
     */
    public void run(DiskImage source, Path target, long sizeBytes, Progress progress) throws IOException {
        if (sizeBytes <= 0 || sizeBytes % source.geometry().blockBytes() != 0) {
            throw new IllegalArgumentException("a disk of " + sizeBytes + " bytes: give a multiple of "
                    + source.geometry().blockBytes() + " above 0");
        }
        try (NewImage made = NewImage.make(maker, target, sizeBytes, existing);
                DiskImage backing = maker.openBacking(target)) {
            fill(source, made.image(), backing, progress);
            made.finish();
        }
    }

    /**
     * Copies to a target that exists, a block device or an export of another host, whatever it holds. Its first
     * {@value #HEAD_BYTES} bytes come last and are zeros until then: what is half-made is not taken for a whole disk.
     *
     * @param target at least as large as the source; open to write, and the caller's
     * @param unitBytes what the target allocates at a time
     * @throws DiskImageException NO_SPACE where it is smaller
     */
    public static void into(CopyMeans means, DiskImage source, DiskImage target, int unitBytes, Progress progress)
            throws IOException {
        long size = source.sizeBytes();
        if (target.sizeBytes() < size) {
            throw new DiskImageException(
                    Kind.NO_SPACE,
                    TARGET,
                    "it has " + target.sizeBytes() + " bytes, the source has " + size + ": make it larger first");
        }
        requireBlocks(source, target);
        long head = Math.min(size, HEAD_BYTES);
        target.writeZeroes(0, head, true);
        target.flush();
        LiveSink sink = new LiveSink(target, unitBytes, LiveSink.Contents.ANYTHING);
        try (DiskCopy copy = new DiskCopy(means, CopySource.all(source), sink, null, progress, size)) {
            copy.copy(head, size);
            copy.finish();
            target.flush();
            copy.copy(0, head);
            copy.finish();
        }
        target.flush();
    }

    private static void requireBlocks(DiskImage source, DiskImage target) throws DiskImageException {
        if (target.geometry().blockBytes() > source.geometry().blockBytes()) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    TARGET,
                    "its storage has blocks of " + target.geometry().blockBytes() + " bytes, the source's of "
                            + source.geometry().blockBytes() + ": choose another storage");
        }
    }

    /** Copies to an open image that was just made. */
    private void fill(DiskImage source, DiskImage target, @Nullable DiskImage backing, Progress progress)
            throws IOException {
        long size = target.sizeBytes();
        requireBlocks(source, target);
        PaddedImage below = backing == null ? null : new PaddedImage(means.posix(), backing);
        try (DiskCopy copy = new DiskCopy(
                means, new PaddedImage(means.posix(), source), sink(target, backing), below, progress, size)) {
            copy.copy(0, size);
            copy.finish();
        }
    }

    private CopySink sink(DiskImage target, @Nullable DiskImage backing) {
        return new CopySink() {
            @Override
            public int unitBytes() {
                return maker.unitBytes();
            }

            @Override
            public void data(long offset, IoVector source) throws IOException {
                maker.write(target, offset, source);
            }

            @Override
            public void zeros(long offset, long length) throws IOException {
                if (backing != null || !maker.readsZeros()) {
                    target.writeZeroes(offset, length, true);
                }
            }
        };
    }
}
