package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;

/** Refcounts of any width in a refcount block (specification, "Refcount block entry"). */
final class RefcountBits {
    private RefcountBits() {}

    /**
     * A refcount.
     *
     * @param order log2 of its bits
     * @param index entries from the beginning of {@code block} on
     */
    static long get(ByteBuffer block, int order, int index) {
        return switch (order) {
            case 3 -> block.get(index) & 0xFFL;
            case 4 -> block.getShort(2 * index) & 0xFFFFL;
            case 5 -> block.getInt(4 * index) & 0xFFFF_FFFFL;
            case 6 -> block.getLong(8 * index);
            default -> block.get(index >>> 3 - order) >>> shift(order, index) & mask(order);
        };
    }

    /** Sets a refcount, which fits. */
    static void set(ByteBuffer block, int order, int index, long refcount) {
        switch (order) {
            case 3 -> block.put(index, (byte) refcount);
            case 4 -> block.putShort(2 * index, (short) refcount);
            case 5 -> block.putInt(4 * index, (int) refcount);
            case 6 -> block.putLong(8 * index, refcount);
            default -> {
                int at = index >>> 3 - order;
                int shift = shift(order, index);
                int others = block.get(at) & ~(mask(order) << shift);
                block.put(at, (byte) (others | (int) refcount << shift));
            }
        }
    }

    private static int shift(int order, int index) {
        return (index & (1 << 3 - order) - 1) << order;
    }

    private static int mask(int order) {
        return (1 << (1 << order)) - 1;
    }
}
