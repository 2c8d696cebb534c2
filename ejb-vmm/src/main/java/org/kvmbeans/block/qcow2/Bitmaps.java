package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * The persistent dirty bitmaps of an image in use. They are in memory while it is; in the storage they are marked in use, so that nobody
 * relies on them should they not be stored when the image is closed.
 *
 * <p>May be used from any thread; the operations that store are called by one at a time.
 */
public final class Bitmaps {
    private final Metadata metadata;
    private final BitmapFile file;
    private final Map<String, Tracked> tracked = new LinkedHashMap<>();
    /** Those that are left as they are. */
    private final List<BitmapEntry> others = new ArrayList<>();

    private volatile boolean following;

    /** A bitmap that can be used. */
    private static final class Tracked {
        final StoredName name;
        final DirtyBits bits;
        boolean enabled;
        /** As the directory has it; null where it was never stored. */
        @Nullable
        BitmapEntry stored;

        Tracked(StoredName name, DirtyBits bits, boolean enabled, @Nullable BitmapEntry stored) {
            this.name = name;
            this.bits = bits;
            this.enabled = enabled;
            this.stored = stored;
        }
    }

    private boolean loaded;

    Bitmaps(Metadata metadata) {
        this.metadata = metadata;
        file = new BitmapFile(metadata);
    }

    /** Reads the bitmaps of an image, unless that was done before, and marks them in use where it may be written. */
    synchronized void load() throws IOException {
        if (loaded) {
            return;
        }
        List<BitmapEntry> entries = file.directory();
        for (BitmapEntry entry : entries) {
            if (entry.usable() && !entry.has(BitmapEntry.IN_USE)) {
                take(entry);
            } else {
                others.add(entry);
            }
        }
        if (metadata.writable() && !entries.equals(others)) {
            storeDirectory();
        }
        loaded = true;
        follow();
    }

    private void take(BitmapEntry entry) throws IOException {
        try {
            boolean enabled = entry.has(BitmapEntry.AUTO);
            tracked.put(entry.name().text(), new Tracked(entry.name(), file.load(entry), enabled, entry));
        } catch (DiskImageException e) {
            if (e.kind() != Kind.CORRUPT && e.kind() != Kind.UNSUPPORTED) {
                throw e;
            }
            // The disk is good without it; nobody is to rely on it any more.
            others.add(entry.withFlags(entry.flags() | BitmapEntry.IN_USE));
        }
    }

    private void follow() {
        following = tracked.values().stream().anyMatch(bitmap -> bitmap.enabled);
    }

    /** A stretch of the disk is about to be written, or was. */
    void written(long offset, long length) {
        if (following) {
            synchronized (this) {
                for (Tracked bitmap : tracked.values()) {
                    if (bitmap.enabled) {
                        bitmap.bits.set(offset, length);
                    }
                }
            }
        }
    }

    synchronized void resized(long diskBytes) {
        tracked.values().forEach(bitmap -> bitmap.bits.resize(diskBytes));
    }

    synchronized void allWritten() {
        tracked.values().stream().filter(bitmap -> bitmap.enabled).forEach(bitmap -> bitmap.bits.setAll());
    }

    /** All of them, those that can be used first. */
    public synchronized List<DirtyBitmap> list() {
        List<DirtyBitmap> list = new ArrayList<>();
        tracked.forEach((name, bitmap) -> list.add(new DirtyBitmap(
                name, 1L << bitmap.bits.granularityBits(), bitmap.enabled, true, bitmap.bits.dirtyBytes())));
        for (BitmapEntry entry : others) {
            long granularity = entry.granularityBits() < Long.SIZE - 1 ? 1L << entry.granularityBits() : 0;
            list.add(new DirtyBitmap(entry.name().text(), granularity, entry.has(BitmapEntry.AUTO), false, -1));
        }
        return list;
    }

    /**
     * Adds a bitmap that is clean. It is stored when the image is closed.
     *
     * @param name of 1 to 1023 bytes
     * @param granularityBytes of disk that a bit stands for: a power of two from 512 to 2 GiB
     * @param enabled whether it follows what is written
     * @throws DiskImageException UNSUPPORTED where there is one of that name, or the image is of version 2
     */
    public synchronized void add(String name, long granularityBytes, boolean enabled) throws DiskImageException {
        int bits = Long.numberOfTrailingZeros(granularityBytes);
        int nameBytes = StoredName.of(name).length();
        if (Long.bitCount(granularityBytes) != 1
                || bits < BitmapEntry.MIN_GRANULARITY_BITS
                || bits > BitmapEntry.MAX_GRANULARITY_BITS
                || nameBytes == 0
                || nameBytes > BitmapEntry.MAX_NAME_BYTES) {
            throw new IllegalArgumentException("a bitmap named by " + nameBytes + " bytes, with a granularity of "
                    + granularityBytes + "; a name has 1 to " + BitmapEntry.MAX_NAME_BYTES
                    + " bytes, and a granularity is a power of two from 512 to 2 GiB");
        }
        boolean taken = tracked.containsKey(name)
                || others.stream().anyMatch(entry -> entry.name().text().equals(name));
        if (taken || metadata.writeBack.header().version() < 3) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    metadata.storage.name(),
                    taken
                            ? "it has a bitmap " + name + " already"
                            : "images of version 2 have no bitmaps; convert it to 3");
        }
        tracked.put(name, new Tracked(StoredName.of(name), new DirtyBits(bits, metadata.diskBytes()), enabled, null));
        follow();
    }

    /**
     * Removes a bitmap, durably.
     *
     * @throws DiskImageException NOT_FOUND, as all that ask for a bitmap
     */
    public void remove(String name) throws IOException {
        requireWritable();
        synchronized (this) {
            Tracked removed = tracked.remove(name);
            boolean other = others.removeIf(entry -> entry.name().text().equals(name));
            if (removed == null && !other) {
                throw missing(name);
            }
            follow();
        }
        storeDirectory();
    }

    /** Has a bitmap follow what is written from now on, or not. */
    public synchronized void enable(String name, boolean enabled) throws DiskImageException {
        require(name).enabled = enabled;
        follow();
    }

    /** Nothing is dirty any more. */
    public synchronized void clear(String name) throws DiskImageException {
        require(name).bits.clear();
    }

    /** All that is dirty in one is dirty in the other as well. */
    public synchronized void merge(String from, String to) throws DiskImageException {
        require(to).bits.merge(require(from).bits);
    }

    /** As {@link #merge}, and what is merged is clean: nothing that is written meanwhile is in neither. */
    public synchronized void move(String from, String to) throws DiskImageException {
        merge(from, to);
        clear(from);
    }

    /**
     * The stretch from an offset on that is dirty, or is not.
     *
     * @param length the most bytes that it may have, above 0, within the disk
     */
    public synchronized DirtyStretch stretch(String name, long offset, long length) throws DiskImageException {
        return require(name).bits.stretch(offset, length);
    }

    private Tracked require(String name) throws DiskImageException {
        Tracked bitmap = tracked.get(name);
        if (bitmap == null) {
            throw missing(name);
        }
        return bitmap;
    }

    private void requireWritable() throws DiskImageException {
        if (!metadata.writable()) {
            throw new DiskImageException(Kind.READ_ONLY, metadata.storage.name(), "it was opened to read");
        }
    }

    private DiskImageException missing(String name) {
        return new DiskImageException(
                Kind.NOT_FOUND, metadata.storage.name(), "it has no bitmap " + name + " that can be used");
    }

    /** Those that are in the storage are marked in use; those that are not are left out. */
    private void storeDirectory() throws IOException {
        List<BitmapEntry> entries = new ArrayList<>(others);
        synchronized (this) {
            for (Tracked bitmap : tracked.values()) {
                BitmapEntry stored = bitmap.stored;
                if (stored != null) {
                    bitmap.stored = entry(bitmap, stored.table(), BitmapEntry.IN_USE);
                    entries.add(bitmap.stored);
                }
            }
        }
        file.replaceDirectory(entries);
    }

    /** Stores all bitmaps; when no request is in progress any more. */
    synchronized void store() throws IOException {
        if (tracked.isEmpty()) {
            return;
        }
        List<BitmapEntry> entries = new ArrayList<>(others);
        for (Tracked bitmap : tracked.values()) {
            bitmap.stored = entry(bitmap, file.store(bitmap.bits), 0);
            entries.add(bitmap.stored);
        }
        file.replaceDirectory(entries);
    }

    private static BitmapEntry entry(Tracked bitmap, TablePointer table, int flags) {
        BitmapEntry stored = bitmap.stored;
        int kept = stored == null ? 0 : stored.flags() & BitmapEntry.EXTRA_DATA_COMPATIBLE;
        return new BitmapEntry(
                table,
                flags | kept | (bitmap.enabled ? BitmapEntry.AUTO : 0),
                BitmapEntry.DIRTY_TRACKING,
                bitmap.bits.granularityBits(),
                stored == null ? ByteBuffer.allocate(0) : stored.extraData(),
                bitmap.name);
    }
}
