package org.kvmbeans.block.crypto;

import java.util.Arrays;

/**
 * The encryption of old qcow2 images (crypt_method 1): AES-128 in CBC mode, sectors numbered by their offset on the disk.
 * The passphrase itself is the key, and a wrong one is not noticed. For reading what exists: nothing new is to be encrypted
 * so.
 *
 * <p>docs/interop/qcow2.txt speaks of keys of 256 bits; QEMU has 128 (crypto/block-qcow.c).
 */
public final class LegacyAes {
    private static final CipherSpec SPEC =
            new CipherSpec(CipherAlgorithm.AES_128, CipherMode.CBC, IvGenerator.PLAIN64, null);

    private LegacyAes() {}

    /**
     * The cipher of a passphrase; its offsets are the disk's.
     *
     * @param passphrase bytes beyond the 16th have no effect; stays the caller's, to be overwritten when this returns
     */
    public static SectorCipher of(byte[] passphrase) {
        byte[] key = Arrays.copyOf(passphrase, SPEC.keyBytes());
        try {
            return SPEC.withKey(key);
        } finally {
            Secrets.forget(key);
        }
    }
}
