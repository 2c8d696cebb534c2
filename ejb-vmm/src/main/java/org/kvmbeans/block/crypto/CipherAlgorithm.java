package org.kvmbeans.block.crypto;

import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bouncycastle.crypto.engines.CAST5Engine;
import org.bouncycastle.crypto.engines.SerpentEngine;
import org.bouncycastle.crypto.engines.TwofishEngine;

/** The block ciphers of LUKS images, each with one length of its key. */
public enum CipherAlgorithm {
    AES_128("aes", 16, 16, AesCipher::new),
    AES_192("aes", 24, 16, AesCipher::new),
    AES_256("aes", 32, 16, AesCipher::new),
    SERPENT_128("serpent", 16, 16, CipherAlgorithm::serpent),
    SERPENT_192("serpent", 24, 16, CipherAlgorithm::serpent),
    SERPENT_256("serpent", 32, 16, CipherAlgorithm::serpent),
    TWOFISH_128("twofish", 16, 16, CipherAlgorithm::twofish),
    TWOFISH_192("twofish", 24, 16, CipherAlgorithm::twofish),
    TWOFISH_256("twofish", 32, 16, CipherAlgorithm::twofish),
    CAST5_128("cast5", 16, 8, key -> new LightweightCipher(CAST5Engine::new, key));

    private final String headerName;
    private final int keyBytes;
    private final int blockBytes;
    private final Function<byte[], BlockCipher> factory;

    CipherAlgorithm(String headerName, int keyBytes, int blockBytes, Function<byte[], BlockCipher> factory) {
        this.headerName = headerName;
        this.keyBytes = keyBytes;
        this.blockBytes = blockBytes;
        this.factory = factory;
    }

    private static BlockCipher serpent(byte[] key) {
        return new LightweightCipher(SerpentEngine::new, key);
    }

    private static BlockCipher twofish(byte[] key) {
        return new LightweightCipher(TwofishEngine::new, key);
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
        return factory.apply(key);
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
