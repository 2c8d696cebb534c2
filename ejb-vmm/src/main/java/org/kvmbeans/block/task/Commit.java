package org.kvmbeans.block.task;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;

/**
 * Moves what the top image of a disk has itself down into its backing file, after which the disk goes on with that. The disk
 * may be in use. At every moment the top image over the backing file shows what the disk holds.
 */
public final class Commit {
    private final CopyMeans means;
    private final SwitchableImage disk;

    /** Opens images that are in use already in another way. */
    @FunctionalInterface
    public interface Opening {
        /** Opens the backing file once more: to read and write, or to read. */
        DiskImage open(Access access) throws IOException;

        /**
         * The backing file durably holds all that the disk shows, and the disk is about to go on with it: the last moment to
         * note that, before the guest writes to it. Requests wait meanwhile.
         *
         * @throws IOException where the disk is to stay as it is
         */
        default void committed() throws IOException {}
    }

    public Commit(CopyMeans means, SwitchableImage disk) {
        this.means = means;
        this.disk = disk;
    }

    /**
     * Commits; the top image is closed then, and its file no longer needed.
     *
     * @param backing opens the backing file; called when nobody has it open
     * @param unitBytes what the backing file's format allocates at a time
     * @throws java.util.concurrent.CancellationException from {@code progress}; the disk is as before
     */
    public void run(Opening backing, int unitBytes, Progress progress) throws IOException {
        DiskImage top;
        try (SwitchableImage.Claim claim = disk.claim("a commit")) {
            DiskImage base = reopen(backing, Access.READ_WRITE);
            boolean committed = false;
            try {
                if (base.sizeBytes() < disk.sizeBytes()) {
                    base.resize(disk.sizeBytes());
                }
                top = copyDown(base, backing, unitBytes, progress);
                committed = true;
            } finally {
                if (!committed && !disk.isClosed()) {
                    base.flush();
                    reopen(backing, Access.READ_ONLY);
                }
            }
        }
        top.close();
    }

    private DiskImage copyDown(DiskImage base, Opening backing, int unitBytes, Progress progress) throws IOException {
        LiveSink sink = new LiveSink(base, unitBytes, LiveSink.Contents.ANYTHING);
        try (LiveCopy copy = new LiveCopy(means, disk, LiveSource.Scope.TOP, sink, progress)) {
            copy.begin(Beginning.ALL);
            copy.converge();
            return copy.complete(exclusive -> {
                base.flush();
                backing.committed();
                LayeredImage former = layered(exclusive.current());
                exclusive.to(base);
                former.exchangeBacking(null);
                return former;
            });
        }
    }

    private LayeredImage layered(DiskImage image) throws DiskImageException {
        if (image instanceof LayeredImage layered && layered.backing() != null) {
            return layered;
        }
        throw new DiskImageException(Kind.UNSUPPORTED, disk.name(), "it has no backing file to commit to");
    }

    /** Closes the backing file and opens it in another way; where that is refused, in the way that it was. */
    private DiskImage reopen(Opening backing, Access access) throws IOException {
        return disk.exclusively(exclusive -> {
            LayeredImage top = layered(exclusive.current());
            DiskImage present = Objects.requireNonNull(top.backing());
            boolean writable = access == Access.READ_WRITE;
            if (writable && present.sizeBytes() > top.sizeBytes()) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED,
                        disk.name(),
                        "its backing file has " + present.sizeBytes() + " bytes, more than its own " + top.sizeBytes()
                                + ": make the disk as large first");
            }
            if (present.readOnly() != writable) {
                return present;
            }
            top.exchangeBacking(null);
            present.close();
            @Nullable DiskImage opened = null;
            try {
                opened = backing.open(access);
            } finally {
                top.exchangeBacking(opened != null ? opened : backing.open(Access.READ_ONLY));
            }
            return opened;
        });
    }
}
