package org.kvmbeans.virtio.block;

import org.kvmbeans.block.DiskImage;

/** What a request is held to: the disk as it is at this moment, and what the driver negotiated. Used by any thread. */
final class RequestRules {
    private final BlockOptions options;
    private final BlockConfig config;
    private final boolean readOnly;
    private final long features;

    /** @param features those that the driver accepted */
    RequestRules(BlockOptions options, DiskImage image, long features) {
        this.options = options;
        this.config = new BlockConfig(options, image);
        this.readOnly = image.readOnly();
        this.features = features;
    }

    /** Whether the driver may ask for it at all. */
    boolean knows(BlockOperation operation) {
        return switch (operation) {
            case DISCARD -> (features & BlockFeatures.DISCARD) != 0;
            case WRITE_ZEROES -> (features & BlockFeatures.WRITE_ZEROES) != 0;
            default -> true;
        };
    }

    /** Whether the disk is one on which it can be done. */
    boolean permits(BlockOperation operation) {
        return switch (operation) {
            case WRITE, DISCARD, WRITE_ZEROES -> !readOnly;
            default -> true;
        };
    }

    /** Whether whole blocks of the disk are meant. */
    boolean inRange(long sector, long lengthBytes) {
        long usable = config.usableBytes();
        if (sector < 0 || sector > usable >>> BlockRequest.SECTOR_SHIFT) {
            return false;
        }
        long offset = sector << BlockRequest.SECTOR_SHIFT;
        boolean aligned = ((offset | lengthBytes) & (options.blockBytes() - 1)) == 0;
        return aligned && lengthBytes <= usable - offset;
    }

    /** Whether zeros that may be unmapped are. */
    boolean unmaps() {
        return options.unmap() == BlockOptions.Unmap.OFFERED;
    }
}
