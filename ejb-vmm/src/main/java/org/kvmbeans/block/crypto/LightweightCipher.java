package org.kvmbeans.block.crypto;

import java.util.function.Supplier;
import org.bouncycastle.crypto.params.KeyParameter;

/** A block cipher that the JDK has not. */
final class LightweightCipher extends BlockCipher {
    private final org.bouncycastle.crypto.BlockCipher encryption;
    private final org.bouncycastle.crypto.BlockCipher decryption;

    LightweightCipher(Supplier<org.bouncycastle.crypto.BlockCipher> engine, byte[] key) {
        encryption = engine.get();
        encryption.init(true, new KeyParameter(key));
        decryption = engine.get();
        decryption.init(false, new KeyParameter(key));
    }

    @Override
    int blockBytes() {
        return encryption.getBlockSize();
    }

    @Override
    void encrypt(byte[] data, int offset, int length) {
        process(encryption, data, offset, length);
    }

    @Override
    void decrypt(byte[] data, int offset, int length) {
        process(decryption, data, offset, length);
    }

    private static void process(org.bouncycastle.crypto.BlockCipher cipher, byte[] data, int offset, int length) {
        int block = cipher.getBlockSize();
        for (int at = offset; at < offset + length; at += block) {
            cipher.processBlock(data, at, data, at);
        }
    }
}
