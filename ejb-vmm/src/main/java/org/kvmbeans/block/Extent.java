package org.kvmbeans.block;

/**
 * A stretch of a disk whose bytes all come from one place.
 *
 * @param offset where it begins on the disk, bytes
 * @param bytes how long it is, above 0
 * @param kind what its bytes are
 * @param depth which image of the chain has it: 0 is the image that was asked, 1 its backing file
 * @param storageOffset where its bytes lie, unaltered, in that image's storage; -1 where they do not, being compressed,
 *     encrypted or nowhere
 */
public record Extent(long offset, long bytes, Kind kind, int depth, long storageOffset) {
    /** What the bytes of a stretch are. */
    public enum Kind {
        /** Stored. */
        DATA,
        /** Stored compressed. */
        COMPRESSED,
        /** They read as zeros; what is known to be so need not be stored. */
        ZERO,
        /** No image of the chain says anything of them; they read as zeros. */
        UNALLOCATED
    }

    public Extent {
        if (offset < 0 || bytes <= 0) {
            throw new IllegalArgumentException(bytes + " bytes at " + offset + " are no stretch");
        }
    }

    /** Whether its bytes are known to be zeros. */
    public boolean readsAsZeros() {
        return kind == Kind.ZERO || kind == Kind.UNALLOCATED;
    }

    /** Where it ends on the disk. */
    public long end() {
        return offset + bytes;
    }
}
