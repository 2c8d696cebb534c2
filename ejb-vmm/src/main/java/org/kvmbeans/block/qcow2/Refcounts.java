package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;

/** The entries of a refcount block, which have 1 to 64 bits (specification, "Refcount block entry"). */
public final class Refcounts {
    private static final int BITS_ORDER_OF_BYTE = 3;

    private Refcounts() {}

    /**
     * An entry.
     *
     * @param block big-endian, from the first byte of the block on
     * @param order log2 of the bits of an entry
     * @return unsigned where entries have 64 bits
     */
    public static long get(ByteBuffer block, int order, int index) {
        return switch (order) {
            case 3 -> Byte.toUnsignedLong(block.get(index));
            case 4 -> Short.toUnsignedLong(block.getShort(index * Short.BYTES));
            case 5 -> Integer.toUnsignedLong(block.getInt(index * Integer.BYTES));
            case 6 -> block.getLong(index * Long.BYTES);
            default -> block.get(byteOf(order, index)) >>> shiftOf(order, index) & maskOf(order);
        };
    }

    /** Sets an entry; as {@link #get}. */
    public static void set(ByteBuffer block, int order, int index, long value) {
        switch (order) {
            case 3 -> block.put(index, (byte) value);
            case 4 -> block.putShort(index * Short.BYTES, (short) value);
            case 5 -> block.putInt(index * Integer.BYTES, (int) value);
            case 6 -> block.putLong(index * Long.BYTES, value);
            default -> {
                int at = byteOf(order, index);
                int shift = shiftOf(order, index);
                int others = block.get(at) & ~(maskOf(order) << shift);
                block.put(at, (byte) (others | (int) value << shift));
            }
        }
    }

    private static int byteOf(int order, int index) {
        return index >>> (BITS_ORDER_OF_BYTE - order);
    }

    /** Entries of less than a byte begin at its least significant bit. */
    private static int shiftOf(int order, int index) {
        return (index & ((1 << (BITS_ORDER_OF_BYTE - order)) - 1)) << order;
    }

    private static int maskOf(int order) {
        return (1 << (1 << order)) - 1;
    }
}
