package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * Parts of an image's tables in memory: those used last, and those that are changed and not yet written.
 *
 * <p>Its owner's lock guards it, which every caller of a method holds that does not say otherwise. Changes stay in memory
 * until {@link #freeze} hands them out to be written; nothing else writes, so that the order of writes is one place's matter.
 * Where more is dirty than fits, it holds more than its bound for a while.
 */
final class SliceCache {
    /** The most bytes of a slice: what storage is best read and written by. */
    private static final int MAX_SLICE_BYTES = 4096;

    /** The most that is read at a time where requests go through a table in order. */
    private static final int READ_AHEAD_BYTES = 64 << 10;

    /** No more than this part of what it holds is read at a time. */
    private static final int READ_AHEAD_SHARE = 4;

    private static final int FIRST_BUCKETS = 64;
    /** How many slices are looked at for one that may go; those passed over are dirty, and count as used. */
    private static final int EVICTION_STEPS = 32;

    /** A slice's contents on the way to the storage. */
    record Frozen(Slice slice, SliceMemory memory) {}

    /** A slice that is being read while the lock is not held. */
    private static final class Fetch {
        final long offset;
        final SliceMemory contents;
        boolean stale;

        Fetch(long offset, SliceMemory contents) {
            this.offset = offset;
            this.contents = contents;
        }
    }

    private final ReentrantLock lock;
    private final Posix posix;
    private final Storage storage;
    private final int tableBytes;
    private final int sliceBytes;
    private final SliceMemory.Pool memory;
    private final ArrayDeque<IoVector> vectors = new ArrayDeque<>();
    private final List<Fetch> fetches = new ArrayList<>();
    /** Some of them have ended. */
    private final Condition fetched;

    private final ArrayList<Slice> dirty = new ArrayList<>();
    private int capacity;
    private @Nullable Slice[] buckets = new Slice[FIRST_BUCKETS];
    private int count;
    private @Nullable Slice newest;
    private @Nullable Slice oldest;

    /**
     * @param tableBytes of each table: a power of two, which the tables are aligned to
     * @param maxBytes bound of what it holds, at least a few slices
     */
    SliceCache(ReentrantLock lock, Posix posix, Storage storage, int tableBytes, long maxBytes) {
        this.lock = lock;
        this.posix = posix;
        this.storage = storage;
        this.tableBytes = tableBytes;
        fetched = lock.newCondition();
        sliceBytes = Math.min(tableBytes, MAX_SLICE_BYTES);
        this.memory = new SliceMemory.Pool(posix, sliceBytes);
        setBound(maxBytes);
    }

    void setBound(long maxBytes) {
        capacity = (int) Math.max(8, maxBytes / sliceBytes);
    }

    int sliceBytes() {
        return sliceBytes;
    }

    /** Whether so much is dirty that it should be written. */
    boolean crowded() {
        return dirty.size() > capacity / 2;
    }

    boolean hasDirty() {
        return !dirty.isEmpty();
    }

    long heldBytes() {
        return (long) count * sliceBytes;
    }

    /** The slice that begins at an offset of the storage, where it is in memory. */
    @Nullable
    Slice find(long offset) {
        Slice slice = lookUp(offset);
        if (slice != null && slice != newest) {
            unlink(slice);
            linkNewest(slice);
        }
        return slice;
    }

    /** As {@link #find}, but does not count as a use. */
    private @Nullable Slice lookUp(long offset) {
        Slice slice = buckets[bucket(offset)];
        while (slice != null && slice.offset != offset) {
            slice = slice.nextInBucket;
        }
        return slice;
    }

    /** As {@link #find}; reads it where it is not in memory. */
    Slice get(long offset) throws IOException {
        Slice found = find(offset);
        if (found != null) {
            return found;
        }
        SliceMemory contents = memory.take();
        IoVector vector = takeVector();
        boolean read = false;
        try {
            contents.addTo(vector);
            storage.read(offset, vector);
            read = true;
        } finally {
            giveVector(vector);
            if (!read) {
                memory.give(contents);
            }
        }
        return insert(offset, contents);
    }

    /** A slice of zeros in the place of whatever the storage has. */
    Slice create(long offset) {
        Slice found = find(offset);
        Slice slice = found == null ? insert(offset, memory.take()) : found;
        ByteBuffer bytes = change(slice);
        for (int i = 0; i < sliceBytes; i += Long.BYTES) {
            bytes.putLong(i, 0);
        }
        return slice;
    }

    /**
     * Reads a slice into memory, or waits until somebody has who is about it; called without the lock. Afterwards it may be
     * there, or may have gone again. Those behind it in its table are read with it where the one before it is in memory:
     * requests then seem to go through the table in order.
     */
    void fetch(long offset) throws IOException {
        List<Fetch> wanted = new ArrayList<>();
        IoVector vector;
        lock.lock();
        try {
            while (isBeingRead(offset)) {
                fetched.awaitUninterruptibly();
            }
            if (lookUp(offset) != null) {
                return;
            }
            vector = takeVector();
            long end = offset + readAheadBytes(offset);
            for (long at = offset; at < end && lookUp(at) == null; at += sliceBytes) {
                Fetch fetch = new Fetch(at, memory.take());
                fetch.contents.addTo(vector);
                wanted.add(fetch);
            }
            fetches.addAll(wanted);
        } finally {
            lock.unlock();
        }
        int read = 0;
        try {
            read = read(wanted, vector);
        } finally {
            lock.lock();
            try {
                giveVector(vector);
                fetches.removeAll(wanted);
                for (int i = 0; i < wanted.size(); i++) {
                    Fetch fetch = wanted.get(i);
                    if (i < read && !fetch.stale) {
                        insert(fetch.offset, fetch.contents);
                    } else {
                        memory.give(fetch.contents);
                    }
                }
                fetched.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Reads all of them, or else the first one alone, which is the one asked for; how many. */
    private int read(List<Fetch> wanted, IoVector vector) throws IOException {
        Fetch first = wanted.get(0);
        try {
            storage.read(first.offset, vector);
            return wanted.size();
        } catch (IOException e) {
            if (wanted.size() == 1) {
                throw e;
            }
        }
        vector.clear();
        first.contents.addTo(vector);
        storage.read(first.offset, vector);
        return 1;
    }

    private boolean isBeingRead(long offset) {
        for (Fetch fetch : fetches) {
            if (fetch.offset == offset) {
                return true;
            }
        }
        return false;
    }

    /** How much to read from a slice on: to the end of its table at most. */
    private long readAheadBytes(long offset) {
        long inTable = offset & (tableBytes - 1);
        if (inTable == 0 || lookUp(offset - sliceBytes) == null) {
            return sliceBytes;
        }
        long most = Math.min(READ_AHEAD_BYTES, (long) capacity / READ_AHEAD_SHARE * sliceBytes);
        long there = Math.min(tableBytes - inTable, storage.sizeBytes() - offset);
        return Math.max(sliceBytes, Math.min(most, there / sliceBytes * sliceBytes));
    }

    private IoVector takeVector() {
        IoVector idle = vectors.poll();
        return idle == null ? new IoVector(posix, 1) : idle;
    }

    private void giveVector(IoVector vector) {
        vector.clear();
        vectors.push(vector);
    }

    /** The slice's bytes, to be changed before the lock is given up; it is dirty from now on. */
    ByteBuffer change(Slice slice) {
        if (!slice.dirty) {
            slice.dirty = true;
            dirty.add(slice);
        }
        if (slice.frozen == slice.memory) {
            SliceMemory copy = memory.take();
            copy.bytes().put(0, slice.memory.bytes(), 0, sliceBytes);
            slice.memory = copy;
        }
        return slice.memory.bytes();
    }

    /** All that is dirty, in order of offset, to be written; {@link #thaw} takes it back. */
    List<Frozen> freeze() {
        List<Frozen> frozen = new ArrayList<>(dirty.size());
        for (Slice slice : dirty) {
            slice.dirty = false;
            slice.frozen = slice.memory;
            frozen.add(new Frozen(slice, slice.memory));
        }
        dirty.clear();
        frozen.sort(Comparator.comparingLong(item -> item.slice().offset));
        return frozen;
    }

    /** Takes back what {@link #freeze} gave; what was not written is dirty again. */
    void thaw(List<Frozen> frozen, boolean written) {
        for (Frozen item : frozen) {
            Slice slice = item.slice();
            slice.frozen = null;
            if (slice.gone || item.memory() != slice.memory) {
                memory.give(item.memory());
            }
            if (!written && !slice.dirty && !slice.gone) {
                slice.dirty = true;
                dirty.add(slice);
            }
        }
    }

    /** Writes what {@link #freeze} gave, adjacent slices together; called without the lock. */
    void write(List<Frozen> frozen) throws IOException {
        IoVector vector = new IoVector(posix, Math.max(1, Math.min(frozen.size(), IoVector.MAX_SEGMENTS)));
        for (int i = 0; i < frozen.size(); ) {
            long start = frozen.get(i).slice().offset;
            vector.clear();
            while (i < frozen.size()
                    && vector.count() < IoVector.MAX_SEGMENTS
                    && frozen.get(i).slice().offset == start + vector.totalBytes()) {
                frozen.get(i).memory().addTo(vector);
                i++;
            }
            storage.write(start, vector);
        }
    }

    /** Forgets what lies in a stretch of the storage, which is no table any more, or another one. */
    void forget(long offset, long length) {
        for (long at = offset; at < offset + length; at += sliceBytes) {
            for (Fetch fetch : fetches) {
                fetch.stale |= fetch.offset == at;
            }
            Slice slice = find(at);
            if (slice != null) {
                remove(slice);
                slice.gone = true;
                if (slice.dirty) {
                    slice.dirty = false;
                    dirty.remove(slice);
                }
                // What is on its way to the storage is given back when it is thawed.
                if (slice.frozen != slice.memory) {
                    memory.give(slice.memory);
                }
            }
        }
    }

    private Slice insert(long offset, SliceMemory contents) {
        for (Fetch fetch : fetches) {
            fetch.stale |= fetch.offset == offset;
        }
        while (count >= capacity && evict()) {
            // Until it fits, or all that is left is dirty.
        }
        if (count > buckets.length) {
            rehash();
        }
        Slice slice = new Slice(offset, contents);
        int bucket = bucket(offset);
        slice.nextInBucket = buckets[bucket];
        buckets[bucket] = slice;
        linkNewest(slice);
        count++;
        return slice;
    }

    private boolean evict() {
        for (int i = 0; i < EVICTION_STEPS; i++) {
            Slice slice = oldest;
            if (slice == null) {
                return false;
            }
            if (slice.clean()) {
                remove(slice);
                memory.give(slice.memory);
                return true;
            }
            unlink(slice);
            linkNewest(slice);
        }
        return false;
    }

    private void remove(Slice slice) {
        unlink(slice);
        int bucket = bucket(slice.offset);
        Slice before = null;
        for (Slice at = buckets[bucket]; at != slice && at != null; at = at.nextInBucket) {
            before = at;
        }
        if (before == null) {
            buckets[bucket] = slice.nextInBucket;
        } else {
            before.nextInBucket = slice.nextInBucket;
        }
        count--;
    }

    private void unlink(Slice slice) {
        if (slice.newer == null) {
            newest = slice.older;
        } else {
            slice.newer.older = slice.older;
        }
        if (slice.older == null) {
            oldest = slice.newer;
        } else {
            slice.older.newer = slice.newer;
        }
        slice.newer = null;
        slice.older = null;
    }

    private void linkNewest(Slice slice) {
        slice.older = newest;
        if (newest == null) {
            oldest = slice;
        } else {
            newest.newer = slice;
        }
        newest = slice;
    }

    private int bucket(long offset) {
        long hash = (offset / sliceBytes) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 40) & (buckets.length - 1);
    }

    private void rehash() {
        @Nullable Slice[] old = buckets;
        buckets = new Slice[2 * old.length];
        for (Slice chain : old) {
            for (Slice slice = chain; slice != null; ) {
                Slice next = slice.nextInBucket;
                int bucket = bucket(slice.offset);
                slice.nextInBucket = buckets[bucket];
                buckets[bucket] = slice;
                slice = next;
            }
        }
    }
}
