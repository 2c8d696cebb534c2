package org.kvmbeans.block.crypto;

/** Encrypts and decrypts a batch of sectors in an array. Used by one thread at a time. */
abstract class SectorTransform {
    static final int SECTOR_BYTES = SectorCipher.SECTOR_BYTES;
    /** The most sectors at a time: with what is computed for them they stay in the CPU's nearer caches. */
    static final int BATCH_SECTORS = 32;
    /** Bytes of those. */
    static final int BATCH_BYTES = BATCH_SECTORS * SECTOR_BYTES;

    /**
     * Encrypts the first sectors of {@code data} in their place.
     *
     * @param firstSector number of the first
     * @param sectors from 1 to {@link #BATCH_SECTORS}
     */
    abstract void encrypt(long firstSector, byte[] data, int sectors);

    /** Decrypts the first sectors of {@code data} in their place; as {@link #encrypt}. */
    abstract void decrypt(long firstSector, byte[] data, int sectors);
}
