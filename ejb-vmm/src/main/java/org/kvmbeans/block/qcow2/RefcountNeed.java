package org.kvmbeans.block.qcow2;

/**
 * The refcount structures that count a number of clusters and themselves.
 *
 * @param tableClusters of the refcount table
 * @param blocks refcount blocks
 */
public record RefcountNeed(long tableClusters, long blocks) {
    /** What is needed for {@code clusters} other ones. */
    public static RefcountNeed of(Qcow2Layout layout, long clusters) {
        int blocksPerTableClusterBits = layout.clusterBits() - 3;
        long table = 0;
        long blocks = 0;
        // More structures may need still more of them; each round grows by less.
        for (long counted = -1; counted != clusters + table + blocks; ) {
            counted = clusters + table + blocks;
            blocks = ceilShift(counted, layout.refcountBlockBits());
            table = ceilShift(blocks, blocksPerTableClusterBits);
        }
        return new RefcountNeed(table, blocks);
    }

    private static long ceilShift(long value, int bits) {
        return (value + (1L << bits) - 1) >>> bits;
    }
}
