package org.kvmbeans.block.crypto;

/** CTR: each block is added to an encrypted number, which counts up, big-endian, from the sector's vector on. */
final class CtrTransform extends SectorTransform {
    private final BlockCipher cipher;
    private final Ivs ivs;
    private final byte[] vectors;
    private final byte[] stream = new byte[BATCH_BYTES];

    CtrTransform(BlockCipher cipher, Ivs ivs) {
        this.cipher = cipher;
        this.ivs = ivs;
        this.vectors = new byte[BATCH_SECTORS * cipher.blockBytes()];
    }

    @Override
    void encrypt(long firstSector, byte[] data, int sectors) {
        ivs.fill(firstSector, vectors, sectors);
        int block = cipher.blockBytes();
        int bytes = sectors * SECTOR_BYTES;
        for (int at = 0; at < bytes; at += block) {
            int vector = at / SECTOR_BYTES * block;
            System.arraycopy(vectors, vector, stream, at, block);
            increment(vector, block);
        }
        cipher.encrypt(stream, 0, bytes);
        Bytes.xor(data, 0, stream, 0, bytes);
    }

    private void increment(int vector, int block) {
        for (int i = vector + block - 1; i >= vector && ++vectors[i] == 0; i--) {
            // The carry goes on.
        }
    }

    @Override
    void decrypt(long firstSector, byte[] data, int sectors) {
        encrypt(firstSector, data, sectors);
    }
}
