package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import org.bouncycastle.crypto.Digest;

/**
 * Spreads a key over many stripes all of which are needed to get it back, so that it is gone when few of them are
 * overwritten (LUKS On-Disk Format §2.4, "Anti-forensic splitting").
 */
final class AntiForensic {
    private AntiForensic() {}

    /**
     * Splits a key.
     *
     * @return {@code stripes} times as many bytes
     */
    static byte[] split(HashAlgorithm hash, byte[] key, int stripes, SecureRandom random) {
        byte[] split = new byte[key.length * stripes];
        random.nextBytes(split);
        int last = key.length * (stripes - 1);
        byte[] sum = sum(hash, split, key.length, stripes);
        Bytes.xor(sum, 0, key, 0, key.length);
        System.arraycopy(sum, 0, split, last, key.length);
        Secrets.forget(sum);
        return split;
    }

    /** Gets the key of {@code keyBytes} bytes back. */
    static byte[] merge(HashAlgorithm hash, byte[] split, int keyBytes, int stripes) {
        byte[] key = sum(hash, split, keyBytes, stripes);
        Bytes.xor(key, 0, split, keyBytes * (stripes - 1), keyBytes);
        return key;
    }

    /** Adds up all stripes but the last, each sum diffused before the next stripe is added. */
    private static byte[] sum(HashAlgorithm hash, byte[] split, int keyBytes, int stripes) {
        byte[] sum = new byte[keyBytes];
        Digest digest = hash.newDigest();
        for (int stripe = 0; stripe < stripes - 1; stripe++) {
            Bytes.xor(sum, 0, split, stripe * keyBytes, keyBytes);
            diffuse(digest, sum);
        }
        return sum;
    }

    /** Replaces each part of the size of a hash by the hash of its number and itself; the last one may be shorter. */
    private static void diffuse(Digest digest, byte[] data) {
        byte[] hash = new byte[digest.getDigestSize()];
        for (int part = 0; part * hash.length < data.length; part++) {
            int start = part * hash.length;
            int length = Math.min(hash.length, data.length - start);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part).array(), 0, Integer.BYTES);
            digest.update(data, start, length);
            digest.doFinal(hash, 0);
            System.arraycopy(hash, 0, data, start, length);
        }
        Secrets.forget(hash);
    }
}
