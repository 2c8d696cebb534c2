package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/**
 * A table that is wholly in memory: the active L1 table, or the refcount table. Changes are written a few hundred entries
 * at a time, when {@link #freeze} has handed them out. Guarded by the metadata's lock but for {@link #write}.
 */
final class FlatTable {
    private static final int MAX_BLOCK_BYTES = 4096;

    private final int blockEntries;
    private final BitSet dirty = new BitSet();
    private long offset;
    private long[] entries;

    /** Entries of one block on their way to the storage. */
    static final class Frozen {
        private final int block;
        private final long offset;
        private final long[] entries;

        private Frozen(int block, long offset, long[] entries) {
            this.block = block;
            this.offset = offset;
            this.entries = entries;
        }
    }

    /**
     * @param clusterBytes what the table's room in the storage is a multiple of
     * @param entries becomes the table's
     */
    FlatTable(int clusterBytes, long offset, long[] entries) {
        this.blockEntries = Math.min(MAX_BLOCK_BYTES, clusterBytes) / Long.BYTES;
        this.offset = offset;
        this.entries = entries;
    }

    /** Reads {@code count} entries, whose bound the caller has checked. */
    static long[] read(Posix posix, Storage storage, long offset, int count) throws IOException {
        long[] entries = new long[count];
        if (count > 0) {
            StorageBuffer buffer = new StorageBuffer(posix, Math.multiplyExact(count, Long.BYTES));
            buffer.read(storage, offset, 0, buffer.capacity());
            buffer.bytes().asLongBuffer().get(entries);
        }
        return entries;
    }

    /** Writes a whole table, and zeros up to {@code roomBytes}. */
    static void write(Posix posix, Storage storage, long offset, long[] entries, long roomBytes) throws IOException {
        StorageBuffer buffer = new StorageBuffer(posix, Math.toIntExact(roomBytes));
        buffer.bytes().asLongBuffer().put(entries);
        buffer.write(storage, offset, 0, buffer.capacity());
    }

    int length() {
        return entries.length;
    }

    /** Where it lies in the storage. */
    long offset() {
        return offset;
    }

    /** Whether a byte of the storage is one of the table's. */
    boolean contains(long storageOffset) {
        return storageOffset >= offset && storageOffset - offset < (long) entries.length * Long.BYTES;
    }

    long get(int index) {
        return entries[index];
    }

    void set(int index, long entry) {
        entries[index] = entry;
        dirty.set(index / blockEntries);
    }

    long[] copy() {
        return entries.clone();
    }

    /** Another table, which is in the storage already, takes its place. */
    void replace(long newOffset, long[] newEntries) {
        offset = newOffset;
        entries = newEntries;
        dirty.clear();
    }

    /** All of it is to be written. */
    void setDirty() {
        dirty.set(0, (entries.length + blockEntries - 1) / blockEntries);
    }

    boolean hasDirty() {
        return !dirty.isEmpty();
    }

    /** What has changed, to be written. */
    List<Frozen> freeze() {
        List<Frozen> frozen = new ArrayList<>(dirty.cardinality());
        for (int block = dirty.nextSetBit(0); block >= 0; block = dirty.nextSetBit(block + 1)) {
            int first = block * blockEntries;
            long[] part = new long[blockEntries];
            System.arraycopy(entries, first, part, 0, Math.min(blockEntries, entries.length - first));
            frozen.add(new Frozen(block, offset + (long) first * Long.BYTES, part));
        }
        dirty.clear();
        return frozen;
    }

    /** Takes back what could not be written. */
    void thaw(List<Frozen> frozen) {
        frozen.forEach(item -> dirty.set(item.block));
    }

    /** Writes what {@link #freeze} gave. */
    static void write(Posix posix, Storage storage, List<Frozen> frozen) throws IOException {
        for (Frozen item : frozen) {
            write(posix, storage, item.offset, item.entries, (long) item.entries.length * Long.BYTES);
        }
    }
}
