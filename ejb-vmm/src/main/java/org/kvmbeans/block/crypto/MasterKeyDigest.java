package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** By which a LUKS header knows its master key, without having it. Immutable. */
final class MasterKeyDigest {
    private final byte[] digest;
    private final byte[] salt;
    private final long iterations;

    MasterKeyDigest(byte[] digest, byte[] salt, long iterations) {
        this.digest = digest.clone();
        this.salt = salt.clone();
        this.iterations = iterations;
    }

    static MasterKeyDigest of(HashAlgorithm hash, byte[] key, byte[] salt, long iterations) {
        return new MasterKeyDigest(
                Pbkdf2.derive(hash, key, salt, iterations, LuksHeader.DIGEST_BYTES), salt, iterations);
    }

    void encode(ByteBuffer target) {
        target.put(digest).put(salt).putInt((int) iterations);
    }

    /** Whether a key is the master key; takes the same time for any. */
    boolean matches(HashAlgorithm hash, byte[] key) {
        return MessageDigest.isEqual(Pbkdf2.derive(hash, key, salt, iterations, digest.length), digest);
    }

    long iterations() {
        return iterations;
    }
}
