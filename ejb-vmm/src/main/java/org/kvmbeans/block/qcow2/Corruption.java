package org.kvmbeans.block.qcow2;

import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Whether an image's own structures were found to contradict each other. May be used from any thread. */
final class Corruption {
    private final String image;
    private volatile boolean found;

    Corruption(String image) {
        this.image = image;
    }

    boolean found() {
        return found;
    }

    /** Remembers it, and says what is wrong. */
    DiskImageException of(String what) {
        found = true;
        return new DiskImageException(Kind.CORRUPT, image, what + "; check and repair the image");
    }

    /** Says what is wrong with data, which harms no structure. */
    DiskImageException ofData(String what) {
        return new DiskImageException(Kind.CORRUPT, image, what);
    }
}
