package org.kvmbeans.block.crypto;

import java.util.Locale;
import java.util.Optional;
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
    MD5(16),
    SHA1(20),
    SHA224(28),
    SHA256(32),
    SHA384(48),
    SHA512(64),
    RIPEMD160(20);

    private final int bytes;

    HashAlgorithm(int bytes) {
        this.bytes = bytes;
    }

    /** Its name in QEMU's options and in a LUKS header. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Bytes of a hash. */
    int bytes() {
        return bytes;
    }

    Digest newDigest() {
        return switch (this) {
            case MD5 -> new MD5Digest();
            case SHA1 -> new SHA1Digest();
            case SHA224 -> new SHA224Digest();
            case SHA256 -> new SHA256Digest();
            case SHA384 -> new SHA384Digest();
            case SHA512 -> new SHA512Digest();
            case RIPEMD160 -> new RIPEMD160Digest();
        };
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
