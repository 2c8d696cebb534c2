package org.kvmbeans.block.crypto;

/** ECB: each block by itself. */
final class EcbTransform extends SectorTransform {
    private final BlockCipher cipher;

    EcbTransform(BlockCipher cipher) {
        this.cipher = cipher;
    }

    @Override
    void encrypt(long firstSector, byte[] data, int sectors) {
        cipher.encrypt(data, 0, sectors * SECTOR_BYTES);
    }

    @Override
    void decrypt(long firstSector, byte[] data, int sectors) {
        cipher.decrypt(data, 0, sectors * SECTOR_BYTES);
    }
}
