package org.kvmbeans.block.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES by the JDK, which uses the CPU's instructions for it: many blocks in one call, which the larger CPUs take several at a
 * time.
 */
final class AesCipher extends BlockCipher {
    private static final int BLOCK_BYTES = 16;

    private final Cipher encryption;
    private final Cipher decryption;
    private final Cipher chained;
    /** The block that {@link #chained} has encrypted last, which it adds to the next one. */
    private final byte[] last = new byte[BLOCK_BYTES];

    AesCipher(byte[] key) {
        SecretKeySpec spec = new SecretKeySpec(key, "AES");
        try {
            encryption = Cipher.getInstance("AES/ECB/NoPadding");
            encryption.init(Cipher.ENCRYPT_MODE, spec);
            decryption = Cipher.getInstance("AES/ECB/NoPadding");
            decryption.init(Cipher.DECRYPT_MODE, spec);
            chained = Cipher.getInstance("AES/CBC/NoPadding");
            chained.init(Cipher.ENCRYPT_MODE, spec, new IvParameterSpec(last));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES", e);
        }
    }

    @Override
    int blockBytes() {
        return BLOCK_BYTES;
    }

    @Override
    void encrypt(byte[] data, int offset, int length) {
        update(encryption, data, offset, length);
    }

    @Override
    void decrypt(byte[] data, int offset, int length) {
        update(decryption, data, offset, length);
    }

    /** Sets the IV without {@link Cipher#init}, which would prepare the key anew for every sector. */
    @Override
    void encryptChained(byte[] iv, int ivOffset, byte[] data, int offset, int length) {
        Bytes.xor(data, offset, last, 0, BLOCK_BYTES);
        Bytes.xor(data, offset, iv, ivOffset, BLOCK_BYTES);
        update(chained, data, offset, length);
        System.arraycopy(data, offset + length - BLOCK_BYTES, last, 0, BLOCK_BYTES);
    }

    private static void update(Cipher cipher, byte[] data, int offset, int length) {
        try {
            cipher.update(data, offset, length, data, offset);
        } catch (ShortBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
