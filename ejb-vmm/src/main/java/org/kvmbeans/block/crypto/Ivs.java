package org.kvmbeans.block.crypto;

import java.util.Arrays;

/** Makes the initialization vectors of sectors. Used by one thread at a time. */
interface Ivs {
    /**
     * Fills the first bytes of {@code target} with the vectors of {@code sectors} sectors, one after the other, each of the
     * cipher's block size.
     *
     * @param firstSector number of the first
     */
    void fill(long firstSector, byte[] target, int sectors);

    /** The number, 32 bits of it, little-endian. */
    static Ivs plain(int bytes) {
        return (firstSector, target, sectors) -> numbers(firstSector, target, sectors, bytes, 0xFFFF_FFFFL);
    }

    /** The number, 64 bits, little-endian. */
    static Ivs plain64(int bytes) {
        return (firstSector, target, sectors) -> numbers(firstSector, target, sectors, bytes, -1);
    }

    /** The number, 64 bits, encrypted. */
    static Ivs essiv(BlockCipher cipher) {
        int bytes = cipher.blockBytes();
        return (firstSector, target, sectors) -> {
            numbers(firstSector, target, sectors, bytes, -1);
            cipher.encrypt(target, 0, sectors * bytes);
        };
    }

    private static void numbers(long firstSector, byte[] target, int sectors, int bytes, long mask) {
        Arrays.fill(target, 0, sectors * bytes, (byte) 0);
        for (int i = 0; i < sectors; i++) {
            Bytes.putLong(target, i * bytes, (firstSector + i) & mask);
        }
    }
}
