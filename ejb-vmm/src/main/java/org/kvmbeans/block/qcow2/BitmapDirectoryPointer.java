package org.kvmbeans.block.qcow2;

/**
 * Where an image has the directory of its bitmaps (specification, "Bitmaps extension").
 *
 * @param count bitmaps, above 0
 * @param offset a cluster boundary
 * @param bytes of all entries
 */
public record BitmapDirectoryPointer(int count, long offset, long bytes) {
    /** The most bitmaps of an image, as QEMU has it. */
    public static final int MAX_BITMAPS = 65_535;
    /** The most bytes of a directory, as QEMU has it. */
    public static final int MAX_BYTES = 1024 * MAX_BITMAPS;
}
