package org.kvmbeans.block.qcow2;

/**
 * The sizes and entries of an image's tables (specification, "Host cluster management", "Cluster mapping", "Extended L2
 * Entries").
 *
 * @param clusterBits log2 of the bytes of a cluster, 9 to 21
 * @param refcountOrder log2 of the bits of a refcount, 0 to 6
 * @param extendedL2 whether L2 entries have a bitmap of subclusters
 */
public record Qcow2Layout(int clusterBits, int refcountOrder, boolean extendedL2) {
    public static final int MIN_CLUSTER_BITS = 9;
    public static final int MAX_CLUSTER_BITS = 21;
    /** The smallest clusters whose subclusters have a sector. */
    public static final int MIN_EXTENDED_CLUSTER_BITS = 14;

    public static final int MAX_REFCOUNT_ORDER = 6;

    /** The most bytes of an L1 table, as QEMU has it. */
    public static final int MAX_L1_BYTES = 32 << 20;
    /** The most bytes of the refcount table, as QEMU has it. */
    public static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;

    /** L1 and L2 entries: the refcount of what it points to is exactly one. */
    public static final long COPIED = 1L << 63;
    /** L2 entries: the cluster is compressed. */
    public static final long COMPRESSED = 1L << 62;
    /** L2 entries that are not extended: the cluster reads as zeros. */
    public static final long ZERO = 1;
    /** L1 entries: where the L2 table lies. */
    public static final long L1_OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;
    /** L2 entries of standard clusters: where the cluster lies. */
    public static final long L2_OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;
    /** Refcount table entries: where the refcount block lies. */
    public static final long REFCOUNT_OFFSET_MASK = 0xFFFF_FFFF_FFFF_FE00L;
    /** Bitmap table entries: where the cluster of the bitmap lies. */
    public static final long BITMAP_OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;

    public static final long L1_RESERVED_MASK = 0x7F00_0000_0000_01FFL;
    public static final long L2_RESERVED_MASK = 0x3F00_0000_0000_01FEL;
    public static final long REFCOUNT_RESERVED_MASK = 0x1FFL;
    public static final long BITMAP_RESERVED_MASK = 0xFF00_0000_0000_01FEL;

    /** Compressed data is counted in sectors of this size. */
    public static final int SECTOR_BYTES = 512;

    /** Subclusters of a cluster with extended L2 entries. */
    public static final int SUBCLUSTERS = 32;

    /** Bits that an offset in an L2 entry may have. */
    private static final int OFFSET_BITS = 56;

    public int clusterBytes() {
        return 1 << clusterBits;
    }

    /** The first cluster boundary that is not before {@code offset}. */
    public long roundUp(long offset) {
        return (offset + clusterBytes() - 1) & -clusterBytes();
    }

    /** Clusters that {@code bytes} take. */
    public long clusters(long bytes) {
        return (bytes >>> clusterBits) + ((bytes & (clusterBytes() - 1)) == 0 ? 0 : 1);
    }

    /** Whether an offset is a cluster's. */
    public boolean aligned(long offset) {
        return (offset & (clusterBytes() - 1)) == 0;
    }

    /** Bytes of an L2 entry: 8, or 16 where they are extended. */
    public int l2EntryBytes() {
        return extendedL2 ? 2 * Long.BYTES : Long.BYTES;
    }

    /** log2 of the entries of an L2 table. */
    public int l2Bits() {
        return clusterBits - (extendedL2 ? 4 : 3);
    }

    /** Entries of an L2 table. */
    public int l2Entries() {
        return 1 << l2Bits();
    }

    /** log2 of the bytes of disk that an L2 table maps. */
    public int l1EntryBits() {
        return clusterBits + l2Bits();
    }

    /** L1 entries that a disk of a size needs. */
    public long l1EntriesFor(long sizeBytes) {
        long mapped = 1L << l1EntryBits();
        return (sizeBytes >>> l1EntryBits()) + ((sizeBytes & (mapped - 1)) == 0 ? 0 : 1);
    }

    /** The largest disk that an L1 table of the largest size maps, bytes. */
    public long maxSizeBytes() {
        long entries = MAX_L1_BYTES / Long.BYTES;
        return entries > (Long.MAX_VALUE >>> l1EntryBits()) ? Long.MAX_VALUE : entries << l1EntryBits();
    }

    /** Subclusters of a cluster: 32, or 1 where entries are not extended. */
    public int subclusters() {
        return extendedL2 ? SUBCLUSTERS : 1;
    }

    public int subclusterBits() {
        return extendedL2 ? clusterBits - 5 : clusterBits;
    }

    public int subclusterBytes() {
        return 1 << subclusterBits();
    }

    /** log2 of the clusters that a refcount block counts. */
    public int refcountBlockBits() {
        return clusterBits + 3 - refcountOrder;
    }

    /** Clusters that a refcount block counts. */
    public int refcountBlockEntries() {
        return 1 << refcountBlockBits();
    }

    /** Bits of a refcount. */
    public int refcountBits() {
        return 1 << refcountOrder;
    }

    /** The largest refcount; as an unsigned number below 2^63, which QEMU keeps to with 64 bits as well. */
    public long maxRefcount() {
        return refcountOrder == 6 ? Long.MAX_VALUE : (1L << refcountBits()) - 1;
    }

    /** Where the data of a compressed cluster begins: any byte. */
    public long compressedOffset(long entry) {
        return entry & ((1L << sectorCountShift()) - 1);
    }

    /** The most bytes that the data of a compressed cluster has: to the end of its last sector. */
    public int compressedBytes(long entry) {
        int furtherSectors = (int) (entry >>> sectorCountShift()) & ((1 << (clusterBits - 8)) - 1);
        return (furtherSectors + 1) * SECTOR_BYTES - (int) (entry & SECTOR_BYTES - 1);
    }

    /**
     * The L2 entry of a compressed cluster.
     *
     * @param offset where its data begins
     * @param bytes how many there are, above 0 and at most the cluster's
     */
    public long compressedEntry(long offset, int bytes) {
        long furtherSectors = (offset + bytes - 1) / SECTOR_BYTES - offset / SECTOR_BYTES;
        return COMPRESSED | (furtherSectors << sectorCountShift()) | offset;
    }

    /** Above which byte compressed data may not begin. */
    public long compressedOffsetLimit() {
        return 1L << Math.min(sectorCountShift(), OFFSET_BITS);
    }

    private int sectorCountShift() {
        return 62 - (clusterBits - 8);
    }
}
