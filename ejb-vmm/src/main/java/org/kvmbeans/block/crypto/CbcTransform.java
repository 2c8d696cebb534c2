package org.kvmbeans.block.crypto;

/** CBC: each block after the one before it was added to it. */
final class CbcTransform extends SectorTransform {
    private final BlockCipher cipher;
    private final Ivs ivs;
    private final byte[] vectors;
    private final byte[] encrypted = new byte[BATCH_BYTES];

    CbcTransform(BlockCipher cipher, Ivs ivs) {
        this.cipher = cipher;
        this.ivs = ivs;
        this.vectors = new byte[BATCH_SECTORS * cipher.blockBytes()];
    }

    @Override
    void encrypt(long firstSector, byte[] data, int sectors) {
        ivs.fill(firstSector, vectors, sectors);
        int block = cipher.blockBytes();
        for (int i = 0; i < sectors; i++) {
            cipher.encryptChained(vectors, i * block, data, i * SECTOR_BYTES, SECTOR_BYTES);
        }
    }

    /** All blocks at once, since what is added to each is known beforehand. */
    @Override
    void decrypt(long firstSector, byte[] data, int sectors) {
        ivs.fill(firstSector, vectors, sectors);
        int block = cipher.blockBytes();
        int bytes = sectors * SECTOR_BYTES;
        System.arraycopy(data, 0, encrypted, 0, bytes);
        cipher.decrypt(data, 0, bytes);
        for (int i = 0; i < sectors; i++) {
            int at = i * SECTOR_BYTES;
            Bytes.xor(data, at, vectors, i * block, block);
            Bytes.xor(data, at + block, encrypted, at, SECTOR_BYTES - block);
        }
    }
}
