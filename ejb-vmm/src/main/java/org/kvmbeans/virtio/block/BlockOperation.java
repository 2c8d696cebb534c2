package org.kvmbeans.virtio.block;

import org.jspecify.annotations.Nullable;

/** The requests that the device knows, by their numbers (virtio 1.2, 5.2.6). */
public enum BlockOperation {
    READ(0),
    WRITE(1),
    FLUSH(4),
    GET_ID(8),
    DISCARD(11),
    WRITE_ZEROES(13);

    private final int number;

    BlockOperation(int number) {
        this.number = number;
    }

    /** VIRTIO_BLK_T_*. */
    int number() {
        return number;
    }

    /** The operation of a number; null for one that the device does not know. */
    static @Nullable BlockOperation of(int number) {
        return switch (number) {
            case 0 -> READ;
            case 1 -> WRITE;
            case 4 -> FLUSH;
            case 8 -> GET_ID;
            case 11 -> DISCARD;
            case 13 -> WRITE_ZEROES;
            default -> null;
        };
    }
}
