package org.kvmbeans.block.crypto;

import java.util.Optional;
import java.util.stream.Stream;
import org.bouncycastle.crypto.engines.CAST5Engine;
import org.bouncycastle.crypto.engines.SerpentEngine;
import org.bouncycastle.crypto.engines.TwofishEngine;

/** The block ciphers of LUKS images, each with one length of its key. */
public enum CipherAlgorithm {
    AES_128("aes", 16, 16),
    AES_192("aes", 24, 16),
    AES_256("aes", 32, 16),
    SERPENT_128("serpent", 16, 16),
    SERPENT_192("serpent", 24, 16),
    SERPENT_256("serpent", 32, 16),
    TWOFISH_128("twofish", 16, 16),
    TWOFISH_192("twofish", 24, 16),
    TWOFISH_256("twofish", 32, 16),
    CAST5_128("cast5", 16, 8);

    private final String headerName;
    private final int keyBytes;
    private final int blockBytes;

    CipherAlgorithm(String headerName, int keyBytes, int blockBytes) {
        this.headerName = headerName;
        this.keyBytes = keyBytes;
        this.blockBytes = blockBytes;
    }

    /** Its name in QEMU's options, such as {@code aes-256}. */
    public String text() {
        return headerName + "-" + keyBytes * Byte.SIZE;
    }

    /** Its name in a LUKS header, which says nothing of the key. */
    String headerName() {
        return headerName;
    }

    /** Bytes of its key. */
    int keyBytes() {
        return keyBytes;
    }

    /** Bytes of its block. */
    int blockBytes() {
        return blockBytes;
    }

    BlockCipher withKey(byte[] key) {
        return switch (this) {
            case AES_128, AES_192, AES_256 -> new AesCipher(key);
            case SERPENT_128, SERPENT_192, SERPENT_256 -> new LightweightCipher(SerpentEngine::new, key);
            case TWOFISH_128, TWOFISH_192, TWOFISH_256 -> new LightweightCipher(TwofishEngine::new, key);
            case CAST5_128 -> new LightweightCipher(CAST5Engine::new, key);
        };
    }

    /** The cipher of a name in a LUKS header and a length of its key. */
    static Optional<CipherAlgorithm> of(String headerName, int keyBytes) {
        return Stream.of(values())
                .filter(cipher -> cipher.headerName.equals(headerName) && cipher.keyBytes == keyBytes)
                .findAny();
    }

    /** The cipher of one of QEMU's names, such as {@code aes-256}. */
    public static Optional<CipherAlgorithm> of(String text) {
        return Stream.of(values()).filter(cipher -> cipher.text().equals(text)).findAny();
    }
}
