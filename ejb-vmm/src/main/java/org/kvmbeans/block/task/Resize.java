package org.kvmbeans.block.task;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;

/** Changes the size of a disk. */
public final class Resize {
    private final Loss loss;

    /** Whether contents may be cut off. */
    public enum Loss {
        /** A disk is made shorter only where it ends in stretches that are known to be zeros. */
        REFUSE,
        /** Whatever is beyond the new end is lost. */
        ACCEPT
    }

    public Resize(Loss loss) {
        this.loss = loss;
    }

    /**
     * Gives the disk another size, durably.
     *
     * @param name what messages call it
     * @param sizeBytes above 0, a multiple of the disk's block
     * @throws DiskImageException DENIED where contents would be lost
     */
    public void run(String name, DiskImage image, long sizeBytes) throws IOException {
        int block = image.geometry().blockBytes();
        if (sizeBytes <= 0 || sizeBytes % block != 0) {
            throw new IllegalArgumentException(
                    name + ": a size of " + sizeBytes + " bytes; give a multiple of " + block + " above 0");
        }
        if (loss == Loss.REFUSE && sizeBytes < image.sizeBytes()) {
            refuseLoss(name, image, sizeBytes);
        }
        image.resize(sizeBytes);
        image.flush();
    }

    private static void refuseLoss(String name, DiskImage image, long sizeBytes) throws IOException {
        long end = image.sizeBytes();
        for (long at = sizeBytes; at < end; ) {
            Extent extent = image.extent(at, end - at);
            if (!extent.readsAsZeros()) {
                throw new DiskImageException(
                        Kind.DENIED,
                        name,
                        "it has contents from byte " + at + " on, which would be lost; make its file systems smaller"
                                + " first, and then say that the loss is accepted");
            }
            at = extent.end();
        }
    }
}
