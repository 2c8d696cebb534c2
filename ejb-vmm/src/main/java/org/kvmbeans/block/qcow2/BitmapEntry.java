package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;

/**
 * A bitmap of the image as its directory describes it (specification, "Bitmap directory").
 *
 * @param table its bitmap table; the count is entries, one for each cluster of the bitmap
 * @param flags {@link #IN_USE} and its kin, unknown ones too
 * @param type {@link #DIRTY_TRACKING}, or one that is unknown here
 * @param granularityBits log2 of the bytes of disk that a bit stands for, 0 to 63
 * @param extraData which is written as it was read
 * @param name unique in the image
 */
public record BitmapEntry(
        TablePointer table, int flags, int type, int granularityBits, ByteBuffer extraData, StoredName name) {
    /** It was not saved: what it says may be old. */
    public static final int IN_USE = 1;
    /** It follows every write to the disk. */
    public static final int AUTO = 2;
    /** It may be used by those who do not know its extra data. */
    public static final int EXTRA_DATA_COMPATIBLE = 4;

    /** The type of bitmaps that follow what is written. */
    public static final int DIRTY_TRACKING = 1;

    public static final int MIN_GRANULARITY_BITS = 9;
    public static final int MAX_GRANULARITY_BITS = 31;
    public static final int MAX_NAME_BYTES = 1023;

    private static final int KNOWN_FLAGS = IN_USE | AUTO | EXTRA_DATA_COMPATIBLE;

    public BitmapEntry {
        extraData = extraData.slice().asReadOnlyBuffer();
    }

    @Override
    public ByteBuffer extraData() {
        return extraData.duplicate();
    }

    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Whether it is of a kind that is known here: one that is not is left as it is, and not used. */
    public boolean usable() {
        return type == DIRTY_TRACKING
                && (flags & ~KNOWN_FLAGS) == 0
                && granularityBits >= MIN_GRANULARITY_BITS
                && granularityBits <= MAX_GRANULARITY_BITS
                && (extraData.capacity() == 0 || has(EXTRA_DATA_COMPATIBLE));
    }

    public BitmapEntry withFlags(int newFlags) {
        return new BitmapEntry(table, newFlags, type, granularityBits, extraData, name);
    }

    public BitmapEntry withTable(TablePointer newTable) {
        return new BitmapEntry(newTable, flags, type, granularityBits, extraData, name);
    }

    /** Bits that a disk of a size needs; for a usable bitmap. */
    public long bitsFor(long diskBytes) {
        return (diskBytes >>> granularityBits) + ((diskBytes & (1L << granularityBits) - 1) == 0 ? 0 : 1);
    }

    /** Entries that its table needs for a disk of a size; for a usable bitmap. */
    public long tableEntriesFor(long diskBytes, Qcow2Layout layout) {
        return layout.clusters((bitsFor(diskBytes) + 7) >>> 3);
    }
}
