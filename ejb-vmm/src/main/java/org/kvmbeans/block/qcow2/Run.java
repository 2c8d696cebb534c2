package org.kvmbeans.block.qcow2;

/** A stretch of the disk whose bytes are found in one way; filled anew by each look-up, so that none is made for it. */
final class Run {
    /** How the bytes are found. */
    enum Kind {
        /** This image says nothing of them. */
        UNALLOCATED,
        /** They read as zeros. */
        ZERO,
        /** In the storage, one after the other. */
        DATA,
        /** In one compressed cluster. */
        COMPRESSED
    }

    Kind kind = Kind.UNALLOCATED;
    /** Bytes of the stretch. */
    long bytes;
    /** Where they lie in the storage of data, or -1. */
    long hostOffset;
    /** Whether nothing else refers to the storage's clusters, so that they may be written in place. */
    boolean own;
    /** Of a compressed cluster. */
    long entry;
    /** Which slice is to be read first, where the look-up found none in memory. */
    long missingSlice;

    void clear() {
        bytes = 0;
        hostOffset = -1;
        own = false;
    }

    /** Begins with a piece, or adds it where it continues what there is. */
    boolean append(Kind pieceKind, long pieceHost, boolean pieceOwn, long pieceBytes) {
        if (bytes == 0) {
            kind = pieceKind;
            hostOffset = pieceHost;
            own = pieceOwn;
        } else if (kind != pieceKind
                || own != pieceOwn
                || pieceKind == Kind.COMPRESSED
                || (hostOffset < 0 ? pieceHost >= 0 : hostOffset + bytes != pieceHost)) {
            return false;
        }
        bytes += pieceBytes;
        return true;
    }
}
