package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;

/** The bytes of the disk's clusters in their storage, encrypted where the image is. May be used from any thread. */
final class DiskData {
    private static final int CODED_BYTES = 256 << 10;

    private final Storage storage;
    private final @Nullable ClusterCipher cipher;

    DiskData(Storage storage, @Nullable ClusterCipher cipher) {
        this.storage = storage;
        this.cipher = cipher;
    }

    /** How an image encrypts its clusters. Offsets and lengths are multiples of 512. May be used from any thread. */
    interface ClusterCipher {
        /**
         * Decrypts bytes in place.
         *
         * @param hostOffset where they lie in the storage
         * @param diskOffset where they lie on the disk
         */
        void decrypt(long hostOffset, long diskOffset, ByteBuffer bytes) throws IOException;

        /** Encrypts bytes in place; as {@link #decrypt}. */
        void encrypt(long hostOffset, long diskOffset, ByteBuffer bytes) throws IOException;
    }

    Storage storage() {
        return storage;
    }

    boolean encrypted() {
        return cipher != null;
    }

    void read(long hostOffset, long diskOffset, IoVector target, Scratch scratch) throws IOException {
        if (cipher == null) {
            storage.read(hostOffset, target);
            return;
        }
        long total = target.totalBytes();
        for (long done = 0; done < total; ) {
            int length = (int) Math.min(CODED_BYTES, total - done);
            Scratch.Bounce coded = scratch.bounce(Scratch.CODED, CODED_BYTES);
            storage.read(hostOffset + done, coded.vector(length));
            ByteBuffer bytes = coded.bytes(0, length);
            cipher.decrypt(hostOffset + done, diskOffset + done, bytes);
            target.copyFrom(done, bytes.clear());
            done += length;
        }
    }

    void write(long hostOffset, long diskOffset, IoVector source, Scratch scratch) throws IOException {
        if (cipher == null) {
            storage.write(hostOffset, source);
            return;
        }
        long total = source.totalBytes();
        for (long done = 0; done < total; ) {
            int length = (int) Math.min(CODED_BYTES, total - done);
            Scratch.Bounce coded = scratch.bounce(Scratch.CODED, CODED_BYTES);
            ByteBuffer bytes = coded.bytes(0, length);
            source.copyTo(done, bytes);
            cipher.encrypt(hostOffset + done, diskOffset + done, bytes.clear());
            storage.write(hostOffset + done, coded.vector(length));
            done += length;
        }
    }
}
