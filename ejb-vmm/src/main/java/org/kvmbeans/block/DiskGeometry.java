package org.kvmbeans.block;

/**
 * Sizes that fit the storage of a disk.
 *
 * @param blockBytes what offsets and lengths are multiples of: 512 or 4096
 * @param physicalBlockBytes the smallest write that the storage does without reading first, at least {@code blockBytes}
 * @param optimalIoBytes the request that serves best; 0 where it does not matter
 * @param discardBytes what discards are best multiples of; 0 where discarding has no effect
 */
public record DiskGeometry(int blockBytes, int physicalBlockBytes, int optimalIoBytes, int discardBytes) {
    public DiskGeometry {
        if (blockBytes != 512 && blockBytes != 4096) {
            throw new IllegalArgumentException("blockBytes is " + blockBytes + ": it must be 512 or 4096");
        }
        if (physicalBlockBytes < blockBytes || Integer.bitCount(physicalBlockBytes) != 1) {
            throw new IllegalArgumentException("physicalBlockBytes is " + physicalBlockBytes
                    + ": it must be a power of two of at least " + blockBytes);
        }
    }

    /**
     * Refuses a request that is not of whole blocks within a disk.
     *
     * @param image what the message calls the disk
     * @throws IllegalArgumentException saying what would be right
     */
    public void requireBlocks(String image, long offset, long length, long sizeBytes) {
        boolean within = offset >= 0 && length >= 0 && offset <= sizeBytes - length;
        if (!within || ((offset | length) & (blockBytes - 1)) != 0) {
            throw new IllegalArgumentException(image + ": " + length + " bytes at " + offset
                    + "; both must be multiples of " + blockBytes + " within " + sizeBytes);
        }
    }
}
