package org.kvmbeans.virtio.block;

import org.kvmbeans.block.DiskImage;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** Feature bits of a block device (virtio 1.2, 5.2.3). */
final class BlockFeatures {
    static final long SEG_MAX = 1L << 2;
    static final long RO = 1L << 5;
    static final long BLK_SIZE = 1L << 6;
    static final long FLUSH = 1L << 9;
    static final long TOPOLOGY = 1L << 10;
    static final long CONFIG_WCE = 1L << 11;
    static final long MQ = 1L << 12;
    static final long DISCARD = 1L << 13;
    static final long WRITE_ZEROES = 1L << 14;

    private BlockFeatures() {}

    /** What a disk offers. */
    static long of(BlockOptions options, DiskImage image) {
        long features = VirtioFeatures.VERSION_1 | VirtioFeatures.RING | SEG_MAX | BLK_SIZE | FLUSH | TOPOLOGY;
        if (options.queues() > 1) {
            features |= MQ;
        }
        if (image.readOnly()) {
            return features | RO;
        }
        features |= CONFIG_WCE | WRITE_ZEROES;
        return features | (discards(options, image) ? DISCARD : 0);
    }

    /** Whether discards are offered: they have an effect. */
    static boolean discards(BlockOptions options, DiskImage image) {
        return !image.readOnly()
                && options.unmap() == BlockOptions.Unmap.OFFERED
                && image.geometry().discardBytes() > 0;
    }
}
