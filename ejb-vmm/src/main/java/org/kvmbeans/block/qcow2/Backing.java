package org.kvmbeans.block.qcow2;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImage;

/**
 * The image below one.
 *
 * @param reference how it is named
 * @param reader of its clusters, where it is qcow2 as well: so that a chain is read image by image, however long it is
 */
record Backing(
        BackingReference reference,
        DiskImage image,
        @Nullable DiskReader reader) {
    static @Nullable Backing of(BackingReference reference, @Nullable DiskImage image) {
        if (image == null) {
            return null;
        }
        return new Backing(reference, image, image instanceof Qcow2Image below ? below.reader() : null);
    }

    /** Bytes of its disk; whatever is beyond reads as zeros. */
    long sizeBytes() {
        return image.sizeBytes();
    }
}
