package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.KeySlots;
import org.kvmbeans.sys.IoVector;

/** The bytes of the disk's clusters in their storage, encrypted where the image is. May be used from any thread. */
final class DiskData {
    private static final int CODED_BYTES = 256 << 10;

    private final Storage storage;
    private final @Nullable Encryption encryption;

    DiskData(Storage storage, @Nullable Encryption encryption) {
        this.storage = storage;
        this.encryption = encryption;
    }

    Storage storage() {
        return storage;
    }

    boolean encrypted() {
        return encryption != null;
    }

    @Nullable
    KeySlots keySlots() {
        return encryption == null ? null : encryption.keySlots();
    }

    /** Fills {@code target}; what is encrypted is decrypted in its place. */
    void read(long hostOffset, long diskOffset, IoVector target) throws IOException {
        storage.read(hostOffset, target);
        if (encryption != null) {
            encryption.cipher().decrypt(encryption.byDiskOffset() ? diskOffset : hostOffset, target, target);
        }
    }

    /** Writes all of {@code source}, by way of a buffer where it is encrypted: the request's own memory is not changed. */
    void write(long hostOffset, long diskOffset, IoVector source, Scratch scratch) throws IOException {
        if (encryption == null) {
            storage.write(hostOffset, source);
            return;
        }
        long total = source.totalBytes();
        for (long done = 0; done < total; ) {
            int length = (int) Math.min(CODED_BYTES, total - done);
            source.sliceInto(scratch.plainPart, done, length);
            IoVector coded = scratch.bounce(Scratch.CODED, CODED_BYTES).vector(length);
            long number = encryption.byDiskOffset() ? diskOffset : hostOffset;
            encryption.cipher().encrypt(number + done, scratch.plainPart, coded);
            storage.write(hostOffset + done, coded);
            done += length;
        }
    }

    /** Forgets the keys. */
    void close() {
        if (encryption != null) {
            encryption.cipher().close();
        }
    }
}
