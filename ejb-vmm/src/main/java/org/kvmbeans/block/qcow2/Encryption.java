package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.KeySlots;
import org.kvmbeans.block.crypto.LegacyAes;
import org.kvmbeans.block.crypto.LuksArea;
import org.kvmbeans.block.crypto.LuksVolume;
import org.kvmbeans.block.crypto.SectorCipher;
import org.kvmbeans.sys.Posix;

/**
 * How the clusters of an open image are encrypted (specification, "Data encryption").
 *
 * @param keySlots of a LUKS header; null where there is none
 * @param byDiskOffset whether sectors are numbered by their place on the disk, rather than by that in the storage
 */
record Encryption(SectorCipher cipher, @Nullable KeySlots keySlots, boolean byDiskOffset) {
    /**
     * Opens what an image is encrypted with; null where it is not.
     *
     * @throws DiskImageException DENIED where there is no passphrase, or not the right one; UNSUPPORTED
     */
    static @Nullable Encryption open(Posix posix, Storage storage, Qcow2Header header) throws IOException {
        if (header.crypt() == CryptMethod.NONE) {
            return null;
        }
        if (header.crypt() == CryptMethod.AES && storage.options().access() == Access.READ_WRITE) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    storage.name(),
                    "it is encrypted in the way of old, which is not safe, and is only read; convert it to LUKS");
        }
        EncryptionHeader area = header.extensions().encryption();
        if (header.crypt() == CryptMethod.LUKS && area == null) {
            throw new DiskImageException(Kind.CORRUPT, storage.name(), "it is encrypted, but has no LUKS header");
        }
        byte[] passphrase = storage.options().secrets().passphrase(storage.name());
        try {
            if (area == null || header.crypt() == CryptMethod.AES) {
                return new Encryption(LegacyAes.of(passphrase), null, true);
            }
            LuksVolume volume = LuksVolume.open(new LuksArea(posix, storage, area.offset(), area.bytes()), passphrase);
            return new Encryption(volume.cipher(), volume.keySlots(), false);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }
}
