package org.kvmbeans.virtio.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;

/** The configuration space of a disk (virtio 1.2, 5.2.4): built anew at each read, from what is true then. */
final class BlockConfig {
    /** Up to what belongs to secure erase, which is not offered. */
    static final int BYTES = 60;

    /** Where the driver chooses between write-back and write-through. */
    static final int WRITEBACK_OFFSET = 32;

    private static final int SECTOR_SHIFT = 9;
    private static final int SEG_MAX_OFFSET = 12;
    private static final int BLK_SIZE_OFFSET = 20;
    private static final int PHYSICAL_BLOCK_EXP_OFFSET = 24;
    private static final int MIN_IO_SIZE_OFFSET = 26;
    private static final int OPT_IO_SIZE_OFFSET = 28;
    private static final int NUM_QUEUES_OFFSET = 34;
    private static final int MAX_DISCARD_SECTORS_OFFSET = 36;
    private static final int MAX_DISCARD_SEG_OFFSET = 40;
    private static final int DISCARD_ALIGNMENT_OFFSET = 44;
    private static final int MAX_WRITE_ZEROES_SECTORS_OFFSET = 48;
    private static final int MAX_WRITE_ZEROES_SEG_OFFSET = 52;
    private static final int WRITE_ZEROES_MAY_UNMAP_OFFSET = 56;

    private final BlockOptions options;
    private final DiskImage image;

    BlockConfig(BlockOptions options, DiskImage image) {
        this.options = options;
        this.image = image;
    }

    /** Reads 1, 2, 4 or 8 bytes, little-endian; zeros beyond the end. */
    long read(int offset, int size, boolean writeBack) {
        long value = 0;
        ByteBuffer space = space(writeBack);
        for (int i = 0; i < size && offset + i < BYTES; i++) {
            value |= (space.get(offset + i) & 0xffL) << (Byte.SIZE * i);
        }
        return value;
    }

    private ByteBuffer space(boolean writeBack) {
        DiskGeometry geometry = image.geometry();
        int block = options.blockBytes();
        int physical = Math.max(block, geometry.physicalBlockBytes());
        ByteBuffer space = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        space.putLong(0, usableBytes() >>> SECTOR_SHIFT);
        // Of the descriptors of a request, two are the header's and the status's.
        space.putInt(SEG_MAX_OFFSET, options.queueSize() - 2);
        space.putInt(BLK_SIZE_OFFSET, block);
        space.put(PHYSICAL_BLOCK_EXP_OFFSET, (byte) Integer.numberOfTrailingZeros(physical / block));
        space.putShort(MIN_IO_SIZE_OFFSET, (short) Math.min(0xffff, physical / block));
        space.putInt(OPT_IO_SIZE_OFFSET, geometry.optimalIoBytes() / block);
        space.put(WRITEBACK_OFFSET, (byte) (writeBack ? 1 : 0));
        space.putShort(NUM_QUEUES_OFFSET, (short) options.queues());
        if (BlockFeatures.discards(options, image)) {
            space.putInt(MAX_DISCARD_SECTORS_OFFSET, BlockRequest.MAX_SEGMENT_SECTORS);
            space.putInt(MAX_DISCARD_SEG_OFFSET, BlockRequest.MAX_SEGMENTS);
            space.putInt(DISCARD_ALIGNMENT_OFFSET, Math.max(block, geometry.discardBytes()) >>> SECTOR_SHIFT);
            space.put(WRITE_ZEROES_MAY_UNMAP_OFFSET, (byte) 1);
        }
        if (!image.readOnly()) {
            space.putInt(MAX_WRITE_ZEROES_SECTORS_OFFSET, BlockRequest.MAX_SEGMENT_SECTORS);
            space.putInt(MAX_WRITE_ZEROES_SEG_OFFSET, BlockRequest.MAX_SEGMENTS);
        }
        return space;
    }

    /** Whole blocks alone can be read and written. */
    long usableBytes() {
        return image.sizeBytes() / options.blockBytes() * options.blockBytes();
    }
}
