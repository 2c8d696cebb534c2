package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.kvmbeans.block.Storage;

/**
 * Where the part of a storage ends that was ever used, and the storage itself some way behind: a file whose size changes with
 * every write takes more than twice the time for it. What is ahead takes no room, and is cut off when the image is closed.
 * The metadata's lock guards it.
 */
final class StorageEnd {
    private static final long AHEAD_BYTES = 32L << 20;

    private final Storage storage;
    /** From this byte on nothing was ever written: there the storage reads as zeros. */
    private long used;

    private boolean grows = true;
    private boolean isAhead;

    StorageEnd(Storage storage, long used) {
        this.storage = storage;
        this.used = used;
    }

    /** The first byte from which on nothing was ever written. */
    long used() {
        return used;
    }

    /** What lies before {@code end} is about to be written. */
    void use(long end) {
        used = Math.max(used, end);
        if (grows && end > storage.sizeBytes()) {
            try {
                storage.resize(end + AHEAD_BYTES);
                isAhead = true;
            } catch (IOException e) {
                // A device does not grow, and where there is no room the write itself says so.
                grows = false;
            }
        }
    }

    /** Cuts off what is ahead; when nothing is written any more. */
    void trim() throws IOException {
        if (isAhead) {
            isAhead = false;
            grows = false;
            storage.resize(used);
        }
    }
}
