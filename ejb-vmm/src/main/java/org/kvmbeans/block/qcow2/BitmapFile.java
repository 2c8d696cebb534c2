package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * Bitmaps in the storage of an image (specification, "Bitmaps"). What is stored is written to free clusters, and a write of
 * the header has it take the place of what was there. One operation at a time.
 */
final class BitmapFile {
    /** The most bytes of a bitmap, as QEMU has it. */
    private static final long MAX_BYTES = 0x2000_0000;

    private final Metadata metadata;
    private final Qcow2Layout layout;
    private final StorageBuffer cluster;

    BitmapFile(Metadata metadata) {
        this.metadata = metadata;
        layout = metadata.layout;
        cluster = new StorageBuffer(metadata.posix, layout.clusterBytes());
    }

    /** The entries of the directory; none where there is none that may be relied on. */
    List<BitmapEntry> directory() throws IOException {
        BitmapDirectoryPointer pointer = metadata.writeBack.header().consistentBitmaps();
        return pointer == null ? List.of() : BitmapDirectory.read(metadata.posix, metadata.storage, layout, pointer);
    }

    /** Reads the bits of a bitmap. */
    DirtyBits load(BitmapEntry entry) throws IOException {
        DirtyBits bits = new DirtyBits(entry.granularityBits(), metadata.diskBytes());
        long[] table = table(entry);
        if (bits.storedBytes() > MAX_BYTES || layout.clusters(bits.storedBytes()) != table.length) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    metadata.storage.name(),
                    "its bitmap " + entry.name() + " has a table of " + table.length
                            + " clusters; the disk's size asks for " + layout.clusters(bits.storedBytes()));
        }
        for (int i = 0; i < table.length; i++) {
            long start = (long) i << layout.clusterBits();
            long offset = table[i] & Qcow2Layout.BITMAP_OFFSET_MASK;
            if (offset != 0) {
                cluster.read(metadata.storage, offset, 0, cluster.capacity());
                bits.load(start, cluster.bytes().duplicate().clear());
            } else if (table[i] == BitmapDirectory.ALL_ONES) {
                long covered = ((long) layout.clusterBytes() * Byte.SIZE) << entry.granularityBits();
                bits.set(i * covered, covered);
            }
        }
        return bits;
    }

    private long[] table(BitmapEntry entry) throws IOException {
        TablePointer pointer = entry.table();
        if ((long) pointer.count() << layout.clusterBits() > MAX_BYTES + layout.clusterBytes()) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    metadata.storage.name(),
                    "its bitmap " + entry.name() + " has " + pointer.count() + " clusters; at most " + MAX_BYTES
                            + " bytes are offered");
        }
        long[] table = FlatTable.read(metadata.posix, metadata.storage, pointer.offset(), pointer.count());
        for (long item : table) {
            if (!BitmapDirectory.validTableEntry(item, layout)) {
                throw new DiskImageException(
                        Kind.CORRUPT,
                        metadata.storage.name(),
                        "the table of its bitmap " + entry.name() + " has entry 0x" + Long.toHexString(item));
            }
        }
        return table;
    }

    /** Writes the bits and the table of a bitmap to new clusters. */
    TablePointer store(DirtyBits bits) throws IOException {
        int clusters = Math.toIntExact(layout.clusters(bits.storedBytes()));
        long[] table = new long[clusters];
        for (int i = 0; i < clusters; i++) {
            if (fill(bits, i)) {
                table[i] = allocate(1);
                cluster.write(metadata.storage, table[i], 0, cluster.capacity());
            }
        }
        long tableClusters = layout.clusters((long) clusters * Long.BYTES);
        long offset = allocate(tableClusters);
        FlatTable.write(metadata.posix, metadata.storage, offset, table, tableClusters << layout.clusterBits());
        return new TablePointer(offset, clusters);
    }

    /** Fills {@link #cluster}; false where all its bits are clear. */
    private boolean fill(DirtyBits bits, int index) {
        ByteBuffer bytes = cluster.bytes().duplicate().clear();
        boolean any = false;
        long first = (long) index << layout.clusterBits();
        while (bytes.hasRemaining()) {
            long at = first + bytes.position();
            int chunk = (int) (at / DirtyBits.CHUNK_BYTES);
            int skip = (int) (at % DirtyBits.CHUNK_BYTES);
            int length = Math.min(bytes.remaining(), DirtyBits.CHUNK_BYTES - skip);
            ByteBuffer part = ByteBuffer.allocate(DirtyBits.CHUNK_BYTES);
            if (chunk < bits.chunkCount() && !bits.chunkIsClear(chunk)) {
                bits.store(chunk, part);
                any = true;
            }
            bytes.put(part.position(skip).limit(skip + length));
        }
        return any;
    }

    /**
     * Has the header name a directory of these entries instead of the present one, whose room is given back, as that of
     * bitmaps which are not among them any more.
     */
    void replaceDirectory(List<BitmapEntry> entries) throws IOException {
        List<BitmapEntry> old = directory();
        BitmapDirectoryPointer oldPointer = metadata.writeBack.header().consistentBitmaps();
        BitmapDirectoryPointer pointer = entries.isEmpty() ? null : writeDirectory(entries);
        metadata.writeBack.flushFully();
        metadata.writeBack.changeHeader(header -> withBitmaps(header, pointer));
        if (oldPointer != null) {
            release(oldPointer.offset(), oldPointer.bytes());
        }
        for (BitmapEntry entry : old) {
            boolean kept = entries.stream().anyMatch(other -> other.table().equals(entry.table()));
            if (!kept) {
                releaseTable(entry);
            }
        }
    }

    private static Qcow2Header withBitmaps(Qcow2Header header, @Nullable BitmapDirectoryPointer pointer) {
        Qcow2Header changed = header.withExtensions(header.extensions().withBitmaps(pointer));
        return pointer == null ? changed.without(Feature.BITMAPS) : changed.with(Feature.BITMAPS);
    }

    private BitmapDirectoryPointer writeDirectory(List<BitmapEntry> entries) throws IOException {
        ByteBuffer encoded = BitmapDirectory.encode(entries);
        long clusters = layout.clusters(encoded.remaining());
        long offset = allocate(clusters);
        StorageBuffer buffer = new StorageBuffer(metadata.posix, Math.toIntExact(clusters << layout.clusterBits()));
        buffer.bytes().put(0, encoded, 0, encoded.remaining());
        buffer.write(metadata.storage, offset, 0, buffer.capacity());
        return new BitmapDirectoryPointer(entries.size(), offset, encoded.remaining());
    }

    private void releaseTable(BitmapEntry entry) throws IOException {
        List<Long> clusters = new ArrayList<>();
        for (long item : table(entry)) {
            if ((item & Qcow2Layout.BITMAP_OFFSET_MASK) != 0) {
                clusters.add(item & Qcow2Layout.BITMAP_OFFSET_MASK);
            }
        }
        for (long offset : clusters) {
            release(offset, layout.clusterBytes());
        }
        release(entry.table().offset(), (long) entry.table().count() * Long.BYTES);
    }

    private long allocate(long clusters) throws IOException {
        metadata.writeBack.prepare(clusters);
        metadata.lock.lock();
        try {
            return metadata.refcounts.allocateTogether(clusters) << layout.clusterBits();
        } finally {
            metadata.lock.unlock();
        }
    }

    private void release(long offset, long bytes) {
        metadata.lock.lock();
        try {
            metadata.writeBack.free(offset >>> layout.clusterBits(), layout.clusters(bytes), true);
        } finally {
            metadata.lock.unlock();
        }
    }
}
