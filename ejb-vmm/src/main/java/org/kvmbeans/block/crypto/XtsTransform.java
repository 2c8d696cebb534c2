package org.kvmbeans.block.crypto;

/**
 * XTS (IEEE 1619): each block is encrypted between two additions of its tweak. The tweak of a sector's first block is its
 * vector, encrypted with a second key; each further one is that before it times x in GF(2^128).
 */
final class XtsTransform extends SectorTransform {
    static final int BLOCK_BYTES = 16;
    /** x^128, reduced: x^7 + x^2 + x + 1. */
    private static final long REDUCTION = 0x87;

    private final BlockCipher cipher;
    private final BlockCipher tweakCipher;
    private final Ivs ivs;
    private final byte[] vectors = new byte[BATCH_SECTORS * BLOCK_BYTES];
    private final byte[] tweaks = new byte[BATCH_BYTES];

    XtsTransform(BlockCipher cipher, BlockCipher tweakCipher, Ivs ivs) {
        this.cipher = cipher;
        this.tweakCipher = tweakCipher;
        this.ivs = ivs;
    }

    @Override
    void encrypt(long firstSector, byte[] data, int sectors) {
        addTweaks(firstSector, data, sectors);
        cipher.encrypt(data, 0, sectors * SECTOR_BYTES);
        Bytes.xor(data, 0, tweaks, 0, sectors * SECTOR_BYTES);
    }

    @Override
    void decrypt(long firstSector, byte[] data, int sectors) {
        addTweaks(firstSector, data, sectors);
        cipher.decrypt(data, 0, sectors * SECTOR_BYTES);
        Bytes.xor(data, 0, tweaks, 0, sectors * SECTOR_BYTES);
    }

    private void addTweaks(long firstSector, byte[] data, int sectors) {
        ivs.fill(firstSector, vectors, sectors);
        tweakCipher.encrypt(vectors, 0, sectors * BLOCK_BYTES);
        for (int sector = 0; sector < sectors; sector++) {
            addTweaks(
                    Bytes.getLong(vectors, sector * BLOCK_BYTES),
                    Bytes.getLong(vectors, sector * BLOCK_BYTES + Long.BYTES),
                    data,
                    sector * SECTOR_BYTES);
        }
    }

    private void addTweaks(long firstLow, long firstHigh, byte[] data, int start) {
        long low = firstLow;
        long high = firstHigh;
        for (int at = start; at < start + SECTOR_BYTES; at += BLOCK_BYTES) {
            Bytes.putLong(tweaks, at, low);
            Bytes.putLong(tweaks, at + Long.BYTES, high);
            Bytes.putLong(data, at, Bytes.getLong(data, at) ^ low);
            Bytes.putLong(data, at + Long.BYTES, Bytes.getLong(data, at + Long.BYTES) ^ high);
            long carry = (high >> (Long.SIZE - 1)) & REDUCTION;
            high = (high << 1) | (low >>> (Long.SIZE - 1));
            low = (low << 1) ^ carry;
        }
    }
}
