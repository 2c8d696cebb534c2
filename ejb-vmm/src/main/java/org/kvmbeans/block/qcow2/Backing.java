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
    /** Bytes of its disk; whatever is beyond reads as zeros. */
    long sizeBytes() {
        return image.sizeBytes();
    }
}
