package org.kvmbeans.block.crypto;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the sectors of a LUKS image are encrypted.
 *
 * @param ivHash the hash function of {@link IvGenerator#ESSIV}; null with others
 */
public record CipherSpec(
        CipherAlgorithm algorithm,
        CipherMode mode,
        IvGenerator ivGenerator,
        @Nullable HashAlgorithm ivHash) {
    /** What QEMU chooses where nothing is said. */
    public static final CipherSpec DEFAULT =
            new CipherSpec(CipherAlgorithm.AES_256, CipherMode.XTS, IvGenerator.PLAIN64, null);

    /** @throws IllegalArgumentException where the parts do not go together, saying why */
    public CipherSpec {
        if (mode == CipherMode.XTS && algorithm.blockBytes() != XtsTransform.BLOCK_BYTES) {
            throw new IllegalArgumentException(
                    algorithm.text() + " has blocks of " + algorithm.blockBytes() + " bytes, and xts needs 16");
        }
        if ((ivGenerator == IvGenerator.ESSIV) != (ivHash != null)) {
            throw new IllegalArgumentException(
                    ivHash == null ? "essiv needs a hash function" : ivGenerator.text() + " has no hash function");
        }
        if (ivHash != null && ivCipher(algorithm, ivHash).isEmpty()) {
            throw new IllegalArgumentException("essiv takes the hash as a key, and " + algorithm.headerName()
                    + " has none of the " + ivHash.bytes() + " bytes of " + ivHash.text());
        }
    }

    private static Optional<CipherAlgorithm> ivCipher(CipherAlgorithm algorithm, HashAlgorithm ivHash) {
        return CipherAlgorithm.of(algorithm.headerName(), ivHash.bytes());
    }

    /** Bytes of the key: XTS has two. */
    public int keyBytes() {
        return mode == CipherMode.XTS ? 2 * algorithm.keyBytes() : algorithm.keyBytes();
    }

    /** Mode and generator as a LUKS header has them, such as {@code xts-plain64} or {@code cbc-essiv:sha256}. */
    public String modeText() {
        return mode.text() + "-" + ivGenerator.text() + (ivHash == null ? "" : ":" + ivHash.text());
    }

    /** Cipher, mode and generator, such as {@code aes-256-xts-plain64}. */
    @Override
    public String toString() {
        return algorithm.text() + "-" + modeText();
    }

    /**
     * A cipher with a key.
     *
     * @param key {@link #keyBytes} bytes, which stay the caller's to overwrite
     */
    SectorCipher withKey(byte[] key) {
        return new PooledSectorCipher(this, key);
    }

    SectorTransform newTransform(byte[] key) {
        Ivs ivs = newIvs(key);
        if (mode == CipherMode.XTS) {
            int half = key.length / 2;
            byte[] dataKey = Arrays.copyOfRange(key, 0, half);
            byte[] tweakKey = Arrays.copyOfRange(key, half, key.length);
            try {
                return new XtsTransform(algorithm.withKey(dataKey), algorithm.withKey(tweakKey), ivs);
            } finally {
                Secrets.forget(dataKey, tweakKey);
            }
        }
        BlockCipher cipher = algorithm.withKey(key);
        return switch (mode) {
            case ECB -> new EcbTransform(cipher);
            case CBC -> new CbcTransform(cipher, ivs);
            case CTR -> new CtrTransform(cipher, ivs);
            case XTS -> throw new IllegalStateException();
        };
    }

    private Ivs newIvs(byte[] key) {
        int bytes = algorithm.blockBytes();
        if (ivHash == null) {
            return ivGenerator == IvGenerator.PLAIN ? Ivs.plain(bytes) : Ivs.plain64(bytes);
        }
        byte[] salt = ivHash.hash(key);
        try {
            return Ivs.essiv(ivCipher(algorithm, ivHash).orElseThrow().withKey(salt));
        } finally {
            Secrets.forget(salt);
        }
    }
}
