package org.kvmbeans.block.task;

import org.kvmbeans.block.Extent;

/**
 * A stretch of a disk and what a copy has to do about it.
 *
 * @param bytes above 0
 */
record Stretch(long offset, long bytes, Kind kind) {
    /** What a copy has to do. */
    enum Kind {
        /** Read it, and write what is not zeros. */
        DATA,
        /** Make it zeros. */
        ZERO,
        /** Nothing: the target shows the same already. */
        SKIP
    }

    /** An extent of a disk of which everything is copied. */
    static Stretch of(Extent extent) {
        return new Stretch(extent.offset(), extent.bytes(), extent.readsAsZeros() ? Kind.ZERO : Kind.DATA);
    }

    /** An extent of one image of a chain, of which only what it has itself is copied. */
    static Stretch ofOwn(Extent extent) {
        return extent.kind() == Extent.Kind.UNALLOCATED
                ? new Stretch(extent.offset(), extent.bytes(), Kind.SKIP)
                : of(extent);
    }

    long end() {
        return offset + bytes;
    }
}
