package org.kvmbeans.block.crypto;

import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.MD5Digest;
import org.bouncycastle.crypto.digests.RIPEMD160Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA224Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;

/** The hash functions of LUKS headers. */
public enum HashAlgorithm {
    MD5(16, MD5Digest::new),
    SHA1(20, SHA1Digest::new),
    SHA224(28, SHA224Digest::new),
    SHA256(32, SHA256Digest::new),
    SHA384(48, SHA384Digest::new),
    SHA512(64, SHA512Digest::new),
    RIPEMD160(20, RIPEMD160Digest::new);

    private final int bytes;
    private final Supplier<Digest> digest;

    HashAlgorithm(int bytes, Supplier<Digest> digest) {
        this.bytes = bytes;
        this.digest = digest;
    }

    /** Its name in QEMU's options and in a LUKS header. */
    public String text() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Bytes of a hash. */
    int bytes() {
        return bytes;
    }

    Digest newDigest() {
        return digest.get();
    }

    byte[] hash(byte[] data) {
        Digest hashing = newDigest();
        hashing.update(data, 0, data.length);
        byte[] hash = new byte[bytes];
        hashing.doFinal(hash, 0);
        return hash;
    }

    /** The hash function of a name. */
    public static Optional<HashAlgorithm> of(String text) {
        return Stream.of(values()).filter(hash -> hash.text().equals(text)).findAny();
    }
}
