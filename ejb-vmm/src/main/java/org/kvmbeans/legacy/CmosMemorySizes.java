package org.kvmbeans.legacy;

/** The memory sizes in a PC's CMOS, where firmware and old loaders look for them. Each is cut off at what it can hold. */
final class CmosMemorySizes {
    private static final int BASE_KIB = 0x15;
    private static final int EXTENDED_KIB = 0x17;
    private static final int EXTENDED_KIB_AS_FOUND = 0x30;
    private static final int ABOVE_16_MIB = 0x34;
    private static final int ABOVE_4_GIB = 0x5B;

    private static final long CONVENTIONAL_BYTES = 640 << 10;
    private static final long MIB = 1 << 20;

    /** The sizes above 16 MiB count in units of 64 KiB. */
    private static final int UNIT_SHIFT = 16;

    private CmosMemorySizes() {}

    static void store(byte[] memory, long below4GiBBytes, long above4GiBBytes) {
        put(memory, BASE_KIB, 2, Math.min(below4GiBBytes, CONVENTIONAL_BYTES) >> 10);
        put(memory, EXTENDED_KIB, 2, above(below4GiBBytes, MIB) >> 10);
        put(memory, EXTENDED_KIB_AS_FOUND, 2, above(below4GiBBytes, MIB) >> 10);
        put(memory, ABOVE_16_MIB, 2, above(below4GiBBytes, 16 * MIB) >> UNIT_SHIFT);
        put(memory, ABOVE_4_GIB, 3, above4GiBBytes >> UNIT_SHIFT);
    }

    private static long above(long bytes, long from) {
        return Math.max(0, bytes - from);
    }

    private static void put(byte[] memory, int register, int length, long value) {
        long stored = Math.min(value, (1L << (8 * length)) - 1);
        for (int i = 0; i < length; i++) {
            memory[register + i] = (byte) (stored >> (8 * i));
        }
    }
}
