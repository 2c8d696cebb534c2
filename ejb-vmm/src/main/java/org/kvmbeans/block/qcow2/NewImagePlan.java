package org.kvmbeans.block.qcow2;

/**
 * Where everything lies in a new image: one after the other, without a gap, so that every refcount is 1. Counts are
 * clusters.
 *
 * <p>The order is header, refcount table, refcount blocks, LUKS header, L1 table, L2 tables, disk.
 */
record NewImagePlan(
        Qcow2Layout layout,
        long refcountTableClusters,
        long refcountBlocks,
        long encryptionClusters,
        long l1Entries,
        long l1Clusters,
        long l2Tables,
        long diskClusters) {
    /**
     * Plans an image.
     *
     * @throws IllegalArgumentException where the refcount table would be too large
     */
    static NewImagePlan of(Qcow2Options options, long sizeBytes) {
        Qcow2Layout layout = options.layout();
        boolean preallocated = options.effectivePreallocation() != Preallocation.OFF;
        NewEncryption encryption = options.encryption();
        long encryptionClusters = encryption == null ? 0 : layout.clusters(encryption.headerBytes());
        long l1Entries = layout.l1EntriesFor(sizeBytes);
        long l1Clusters = layout.clusters(l1Entries * Long.BYTES);
        long l2Tables = preallocated ? l1Entries : 0;
        long diskClusters = preallocated && options.dataFile() == null ? layout.clusters(sizeBytes) : 0;
        long others = 1 + encryptionClusters + l1Clusters + l2Tables + diskClusters;
        RefcountNeed need = RefcountNeed.of(layout, others);
        if (need.tableClusters() > Qcow2Layout.MAX_REFCOUNT_TABLE_BYTES / layout.clusterBytes()) {
            throw new IllegalArgumentException("a preallocated disk of " + sizeBytes + " bytes in clusters of "
                    + layout.clusterBytes() + " with refcounts of " + layout.refcountBits()
                    + " bits needs too large a refcount table; use larger clusters, or fewer bits");
        }
        return new NewImagePlan(
                layout,
                need.tableClusters(),
                need.blocks(),
                encryptionClusters,
                l1Entries,
                l1Clusters,
                l2Tables,
                diskClusters);
    }

    long refcountTableOffset() {
        return bytes(1);
    }

    long refcountBlocksOffset() {
        return refcountTableOffset() + bytes(refcountTableClusters);
    }

    long encryptionOffset() {
        return refcountBlocksOffset() + bytes(refcountBlocks);
    }

    long l1Offset() {
        return encryptionOffset() + bytes(encryptionClusters);
    }

    long l2Offset() {
        return l1Offset() + bytes(l1Clusters);
    }

    long diskOffset() {
        return l2Offset() + bytes(l2Tables);
    }

    long endOffset() {
        return diskOffset() + bytes(diskClusters);
    }

    private long bytes(long clusters) {
        return clusters << layout.clusterBits();
    }
}
