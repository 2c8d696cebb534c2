package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * How many references each cluster of the storage has, and which ones are free (specification, "Host cluster management").
 * The lock of its cache guards it. Changes stay in memory until the metadata is written.
 */
final class ClusterRefcounts {
    private final Posix posix;
    private final Storage storage;
    private final Qcow2Layout layout;
    private final Corruption corruption;
    private final FlatTable table;
    private final SliceCache cache;
    private final int sliceBits;
    /** All clusters below have references. */
    private long lowestFree;
    /** From here on no cluster has a refcount block. */
    private long end;

    private final StorageEnd storageEnd;
    private long allocated;
    /** Where the next compressed data goes in a cluster that has some already; 0 where there is none. */
    private long packed;

    ClusterRefcounts(
            Posix posix,
            Storage storage,
            Qcow2Layout layout,
            Corruption corruption,
            FlatTable table,
            SliceCache cache) {
        this.corruption = corruption;
        this.posix = posix;
        this.storage = storage;
        this.layout = layout;
        this.table = table;
        this.cache = cache;
        sliceBits = Integer.numberOfTrailingZeros(cache.sliceBytes()) + 3 - layout.refcountOrder();
        storageEnd = new StorageEnd(storage, layout.roundUp(storage.sizeBytes()));
        int blocks = table.length();
        while (blocks > 0 && table.get(blocks - 1) == 0) {
            blocks--;
        }
        end = (long) blocks << layout.refcountBlockBits();
    }

    /** References of a cluster; 0 beyond the table's reach. */
    long get(long cluster) throws IOException {
        if (blockOffset(cluster) == 0) {
            return 0;
        }
        return Refcounts.get(slice(cluster).bytes(), layout.refcountOrder(), indexInSlice(cluster));
    }

    /**
     * Adds to the refcounts of a stretch of clusters.
     *
     * @throws DiskImageException CORRUPT where one would fall below 0, UNSUPPORTED where one has not bits enough; nothing is
     *     changed then
     */
    void add(long first, long count, int delta) throws IOException {
        for (long cluster = first; cluster < first + count; cluster++) {
            long refcount = get(cluster);
            if (refcount + delta < 0 || blockOffset(cluster) == 0) {
                throw corruption.of("cluster " + cluster + " is in use though its refcount is 0");
            }
            if (delta > 0 && refcount > layout.maxRefcount() - delta) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED,
                        storage.name(),
                        "cluster " + cluster + " has " + refcount + " references, the most that refcounts of "
                                + layout.refcountBits() + " bits count; convert the image to wider ones");
            }
        }
        change(first, count, delta);
        if (delta < 0) {
            lowestFree = Math.min(lowestFree, first);
            long packing = packed >>> layout.clusterBits();
            // It may become free, and somebody else's.
            packed = packing >= first && packing < first + count ? 0 : packed;
        }
    }

    private void change(long first, long count, int delta) throws IOException {
        for (long cluster = first; cluster < first + count; ) {
            ByteBuffer bytes = cache.change(slice(cluster));
            long sliceEnd = Math.min(first + count, ((cluster >>> sliceBits) + 1) << sliceBits);
            for (; cluster < sliceEnd; cluster++) {
                int index = indexInSlice(cluster);
                long refcount = Refcounts.get(bytes, layout.refcountOrder(), index);
                Refcounts.set(bytes, layout.refcountOrder(), index, refcount + delta);
            }
        }
    }

    /**
     * Whether {@code clusters} more can be had, whatever is free, without a larger refcount table; what they need themselves
     * is counted in here.
     */
    boolean covers(long clusters) {
        long blocks = (clusters >>> layout.refcountBlockBits()) + 2;
        return end + clusters + blocks <= reach();
    }

    private long reach() {
        return (long) table.length() << layout.refcountBlockBits();
    }

    /**
     * Takes free clusters that lie one after the other: as many as there are from the first free one on.
     *
     * @param most at least 1
     * @return the first of them; {@link #allocated} says how many
     */
    long allocate(long most) throws IOException {
        long first = takeFree(lowestFree);
        allocated = 1;
        while (allocated < most && blockOffset(first + allocated) != 0 && get(first + allocated) == 0) {
            allocated++;
        }
        take(first);
        lowestFree = first + allocated;
        return first;
    }

    /** How many clusters {@link #allocate} gave. */
    long allocated() {
        return allocated;
    }

    /**
     * Takes exactly {@code count} clusters that lie one after the other, for a table. The refcount blocks that are missing for
     * them lie behind them, so that they do not part them.
     */
    long allocateTogether(long count) throws IOException {
        long mostBlocks = (count >>> layout.refcountBlockBits()) + 2;
        long first = lowestFree;
        for (long run = 0; run < count + mostBlocks; run++) {
            if (first + run >= reach()) {
                throw full();
            }
            if (get(first + run) != 0) {
                first += run + 1;
                run = -1;
            } else {
                requireFree(first + run);
            }
        }
        long last = first + count;
        for (long block = first >>> layout.refcountBlockBits();
                block <= (last - 1) >>> layout.refcountBlockBits();
                block++) {
            if (table.get((int) block) == 0) {
                placeBlock((int) block, last++);
            }
        }
        allocated = last - first;
        take(first);
        if (first == lowestFree) {
            lowestFree = last;
        }
        allocated = count;
        return first;
    }

    /**
     * Takes bytes for compressed data: behind the last ones, where that leaves no gap to the next free cluster. Each cluster
     * that they touch has a reference more.
     *
     * @param bytes below a cluster's
     * @param limit where they have to begin below
     * @return where they begin, or -1 where that is beyond the limit
     */
    long allocateBytes(int bytes, long limit) throws IOException {
        int clusterBytes = layout.clusterBytes();
        long start = packed;
        long packing = start >>> layout.clusterBits();
        if (start != 0 && get(packing) >= layout.maxRefcount()) {
            start = 0;
        }
        int room = start == 0 ? 0 : (int) (clusterBytes - (start & clusterBytes - 1));
        boolean shares = room > 0;
        if (room < bytes) {
            long next = allocate(1);
            shares = shares && next == packing + 1;
            start = shares ? start : next << layout.clusterBits();
            if (start >= limit) {
                add(next, 1, -1);
                return -1;
            }
        }
        if (shares) {
            change(packing, 1, 1);
        }
        long end = start + bytes;
        packed = (end & clusterBytes - 1) == 0 ? 0 : end;
        return start;
    }

    private void take(long first) throws IOException {
        change(first, allocated, 1);
        storageEnd.use((first + allocated) << layout.clusterBits());
    }

    /** Where the used part of the storage ends. */
    StorageEnd storageEnd() {
        return storageEnd;
    }

    /** The first free cluster from {@code from} on that has a refcount block, which is made where it is missing. */
    private long takeFree(long from) throws IOException {
        long cluster = from;
        while (cluster < reach()) {
            if (blockOffset(cluster) == 0) {
                createBlock(cluster);
                cluster++;
                continue;
            }
            ByteBuffer bytes = slice(cluster).bytes();
            long sliceEnd = ((cluster >>> sliceBits) + 1) << sliceBits;
            for (; cluster < sliceEnd; cluster++) {
                if (Refcounts.get(bytes, layout.refcountOrder(), indexInSlice(cluster)) == 0) {
                    return requireFree(cluster);
                }
            }
        }
        throw full();
    }

    private DiskImageException full() {
        return new DiskImageException(
                Kind.NO_SPACE,
                storage.name(),
                "its refcount table reaches no further than " + reach() + " clusters; convert it to larger clusters");
    }

    private long requireFree(long cluster) throws DiskImageException {
        long table0 = table.offset() >>> layout.clusterBits();
        long tableEnd = table0 + layout.clusters((long) table.length() * Long.BYTES);
        if (cluster == 0 || (cluster >= table0 && cluster < tableEnd)) {
            throw corruption.of("cluster " + cluster + " holds the image's own structures, but its refcount is 0");
        }
        return cluster;
    }

    /** Puts the refcount block that counts a cluster into that cluster. */
    private void createBlock(long cluster) throws IOException {
        placeBlock((int) (cluster >>> layout.refcountBlockBits()), requireFree(cluster));
        change(cluster, 1, 1);
        storageEnd.use((cluster + 1) << layout.clusterBits());
    }

    /** Puts a refcount block, of zeros, into a cluster that the caller counts. */
    private void placeBlock(int index, long cluster) throws IOException {
        long offset = cluster << layout.clusterBits();
        cache.forget(offset, layout.clusterBytes());
        StorageBuffer zeros = new StorageBuffer(posix, layout.clusterBytes());
        zeros.write(storage, offset, 0, zeros.capacity());
        table.set(index, offset);
        end = Math.max(end, (long) (index + 1) << layout.refcountBlockBits());
    }

    /**
     * Writes a refcount table that reaches further, for {@code clusters} more, with all refcounts; the caller holds off every
     * other write of metadata, and names the new table in the header then.
     *
     * @return where the new table lies, and its entries
     */
    FlatTable grow(long clusters) throws IOException {
        long first = end;
        while (first > 0 && get(first - 1) == 0) {
            first--;
        }
        long wanted = ((first + clusters) >>> layout.refcountBlockBits()) + 8;
        long entries = Math.max(wanted, table.length() * 3L / 2);
        long perCluster = layout.clusterBytes() / Long.BYTES;
        entries = Math.min(
                (entries + perCluster - 1) / perCluster * perCluster,
                Qcow2Layout.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES);
        long tableClusters = layout.clusters(entries * Long.BYTES);
        long last = first + tableClusters;
        long blocks = 0;
        while (end + (blocks << layout.refcountBlockBits()) < last + blocks) {
            blocks++;
        }
        long[] grown = new long[(int) entries];
        System.arraycopy(table.copy(), 0, grown, 0, table.length());
        return place(first, last, blocks, grown);
    }

    /** The table lies from {@code first} to {@code last}, and then the blocks that count it. */
    private FlatTable place(long first, long last, long blocks, long[] grown) throws IOException {
        if (last + blocks > (long) grown.length << layout.refcountBlockBits() || grown.length <= table.length()) {
            throw new DiskImageException(
                    Kind.NO_SPACE,
                    storage.name(),
                    "its refcount table has its largest size of " + Qcow2Layout.MAX_REFCOUNT_TABLE_BYTES
                            + " bytes; convert it to larger clusters");
        }
        int index = (int) (end >>> layout.refcountBlockBits());
        for (long block = last; block < last + blocks; block++, index++) {
            long offset = block << layout.clusterBits();
            grown[index] = offset;
            for (long at = offset; at < offset + layout.clusterBytes(); at += cache.sliceBytes()) {
                cache.create(at);
            }
        }
        FlatTable old = new FlatTable(layout.clusterBytes(), table.offset(), table.copy());
        table.replace(first << layout.clusterBits(), grown);
        end = (long) index << layout.refcountBlockBits();
        storageEnd.use((last + blocks) << layout.clusterBits());
        change(first, last + blocks - first, 1);
        return old;
    }

    FlatTable table() {
        return table;
    }

    SliceCache cache() {
        return cache;
    }

    private long blockOffset(long cluster) throws DiskImageException {
        long index = cluster >>> layout.refcountBlockBits();
        if (index >= table.length()) {
            return 0;
        }
        long offset = table.get((int) index) & Qcow2Layout.REFCOUNT_OFFSET_MASK;
        if (!layout.aligned(offset) || offset < 0 || offset >= storage.sizeBytes()) {
            throw corruption.of("the refcount block of cluster " + cluster + " lies at byte "
                    + Long.toUnsignedString(offset) + ", no cluster boundary within the file");
        }
        return offset;
    }

    private Slice slice(long cluster) throws IOException {
        int inBlock = (int) (cluster & layout.refcountBlockEntries() - 1);
        return cache.get(blockOffset(cluster) + (long) (inBlock >>> sliceBits) * cache.sliceBytes());
    }

    private int indexInSlice(long cluster) {
        return (int) (cluster & (1L << sliceBits) - 1);
    }
}
