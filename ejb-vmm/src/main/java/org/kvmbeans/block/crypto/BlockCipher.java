package org.kvmbeans.block.crypto;

/** A block cipher with a key: blocks by themselves (ECB), or chained (CBC). Used by one thread at a time. */
abstract class BlockCipher {
    /** Bytes of a block: 8 or 16. */
    abstract int blockBytes();

    /**
     * Encrypts blocks, each by itself, in their place.
     *
     * @param length a multiple of {@link #blockBytes}
     */
    abstract void encrypt(byte[] data, int offset, int length);

    /** Decrypts blocks, each by itself, in their place. */
    abstract void decrypt(byte[] data, int offset, int length);

    /** Encrypts blocks in their place, each after the one before it was added to it; the first after {@code iv}. */
    void encryptChained(byte[] iv, int ivOffset, byte[] data, int offset, int length) {
        int block = blockBytes();
        byte[] before = iv;
        int beforeOffset = ivOffset;
        for (int at = offset; at < offset + length; at += block) {
            Bytes.xor(data, at, before, beforeOffset, block);
            encrypt(data, at, block);
            before = data;
            beforeOffset = at;
        }
    }
}
