package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;

/**
 * The bytes that an image will take.
 *
 * @param requiredBytes for what it is made from, at most
 * @param fullyAllocatedBytes when every cluster of its disk is written
 */
public record Measurement(long requiredBytes, long fullyAllocatedBytes) {
    /**
     * Measures a new image without contents, as {@code qemu-img measure --size} does.
     *
     * @throws IllegalArgumentException where the image cannot have that size
     */
    public static Measurement ofSize(long sizeBytes, Qcow2Options options) {
        options.requireSize(sizeBytes);
        long disk = options.layout().roundUp(sizeBytes);
        boolean roomFromBeginning =
                options.preallocation() == Preallocation.FALLOC || options.preallocation() == Preallocation.FULL;
        return of(disk, roomFromBeginning ? disk : 0, options);
    }

    /**
     * Measures a new image with the contents of {@code source}, as {@code qemu-img measure} does; with a backing file it may
     * need all of them.
     */
    public static Measurement ofContents(DiskImage source, Qcow2Options options) throws IOException {
        long size = source.sizeBytes();
        options.requireSize(size);
        Qcow2Layout layout = options.layout();
        long disk = layout.roundUp(size);
        boolean all = options.backing() != null
                || options.preallocation() == Preallocation.FALLOC
                || options.preallocation() == Preallocation.FULL;
        return of(disk, all ? disk : dataClusters(source, size, layout) << layout.clusterBits(), options);
    }

    private static long dataClusters(DiskImage source, long size, Qcow2Layout layout) throws IOException {
        long clusters = 0;
        for (long offset = 0; offset < size; ) {
            Extent extent = source.extent(offset, size - offset);
            long next = extent.end();
            if (!extent.readsAsZeros()) {
                next = layout.roundUp(next);
                clusters += (next >>> layout.clusterBits()) - (offset >>> layout.clusterBits());
            }
            offset = next;
        }
        return clusters;
    }

    private static Measurement of(long diskBytes, long requiredDiskBytes, Qcow2Options options) {
        Qcow2Layout layout = options.layout();
        long diskClusters = diskBytes >>> layout.clusterBits();
        long l2Tables = layout.l1EntriesFor(diskBytes);
        long l1Clusters = layout.clusters(l2Tables * Long.BYTES);
        long counted = 1 + l2Tables + l1Clusters + diskClusters;
        RefcountNeed need = RefcountNeed.of(layout, counted);
        NewEncryption encryption = options.encryption();
        long encryptionClusters = encryption == null ? 0 : layout.clusters(encryption.headerBytes());
        long all = (counted + need.blocks() + need.tableClusters() + encryptionClusters) << layout.clusterBits();
        return new Measurement(all - diskBytes + requiredDiskBytes, all);
    }
}
