package org.kvmbeans.block.task;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.kvmbeans.block.WriteWatch;

/**
 * Which parts of a disk have changed, a bit for each {@link #granularityBytes}. As a {@link WriteWatch} it marks what is
 * written. May be used from any thread: a change that is marked after it was made is seen by whoever takes the mark and
 * reads the disk then.
 */
public final class DirtyMap implements WriteWatch {
    private static final int MIN_GRANULARITY_BYTES = 64 << 10;
    /** Bits of a map of the usual granularity: 4 MiB of memory, 2 TiB of disk at 64 KiB. */
    private static final long MANY_BITS = 1L << 25;

    private final long sizeBytes;
    private final int shift;
    private final AtomicLongArray words;
    private final AtomicLong dirtyBits = new AtomicLong();

    /**
     * Makes a map without marks.
     *
     * @param granularityBytes a power of two of at least 512
     */
    public DirtyMap(long sizeBytes, int granularityBytes) {
        if (granularityBytes < 512 || Integer.bitCount(granularityBytes) != 1) {
            throw new IllegalArgumentException(
                    "a granularity of " + granularityBytes + " bytes: give a power of two of at least 512");
        }
        this.sizeBytes = sizeBytes;
        shift = Integer.numberOfTrailingZeros(granularityBytes);
        long bits = (sizeBytes + granularityBytes - 1) >>> shift;
        words = new AtomicLongArray(Math.toIntExact((bits + Long.SIZE - 1) / Long.SIZE));
    }

    /** Makes a map with bits of 64 KiB, or more where a disk is so large that they would be too many. */
    public static DirtyMap of(long sizeBytes) {
        int granularity = MIN_GRANULARITY_BYTES;
        while (sizeBytes / granularity > MANY_BITS) {
            granularity *= 2;
        }
        return new DirtyMap(sizeBytes, granularity);
    }

    /** Bytes of the disk that a mark stands for. */
    public int granularityBytes() {
        return 1 << shift;
    }

    /** Bytes of the disk. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Bytes that are marked; a moment's truth while others mark. */
    public long dirtyBytes() {
        return Math.min(sizeBytes, dirtyBits.get() << shift);
    }

    /** Marks all. */
    public void markAll() {
        mark(0, sizeBytes);
    }

    /** Marks whatever a stretch touches; what lies beyond the disk's end is left out. */
    public void mark(long offset, long length) {
        long end = Math.min(sizeBytes, offset + length);
        if (offset < end) {
            update(offset >>> shift, ((end - 1) >>> shift) + 1, true);
        }
    }

    private void update(long fromBit, long toBit, boolean set) {
        for (long bit = fromBit; bit < toBit; ) {
            int word = (int) (bit / Long.SIZE);
            long wordEnd = Math.min(toBit, (word + 1L) * Long.SIZE);
            long mask = -1L >>> (Long.SIZE - (wordEnd - bit)) << (bit % Long.SIZE);
            long before = words.get(word);
            if (set ? (before & mask) != mask : (before & mask) != 0) {
                before = set
                        ? words.getAndAccumulate(word, mask, (a, b) -> a | b)
                        : words.getAndAccumulate(word, mask, (a, b) -> a & ~b);
                int changed = Long.bitCount(set ? mask & ~before : mask & before);
                dirtyBits.addAndGet(set ? changed : -changed);
            }
            bit = wordEnd;
        }
    }

    /** The first marked byte from {@code offset} on; -1 where none follows. */
    public long nextDirty(long offset) {
        return next(offset, true);
    }

    /** Where the marks end that begin at {@code offset}, at most {@code end}. */
    public long dirtyEnd(long offset, long end) {
        long clean = next(offset, false);
        return clean < 0 ? end : Math.min(end, clean);
    }

    /** The first byte from {@code offset} on whose mark is set, or is not. */
    private long next(long offset, boolean set) {
        long bit = offset >>> shift;
        long bits = (sizeBytes + granularityBytes() - 1) >>> shift;
        while (bit < bits) {
            long word = words.get((int) (bit / Long.SIZE));
            long rest = (set ? word : ~word) & -1L << bit % Long.SIZE;
            if (rest != 0) {
                long found = bit / Long.SIZE * Long.SIZE + Long.numberOfTrailingZeros(rest);
                return found < bits ? Math.max(offset, found << shift) : -1;
            }
            bit = (bit / Long.SIZE + 1) * Long.SIZE;
        }
        return -1;
    }

    /** Takes the marks of a stretch away, whose ends are multiples of the granularity, or the disk's end. */
    public void clear(long offset, long end) {
        if (offset < end) {
            update(offset >>> shift, ((end - 1) >>> shift) + 1, false);
        }
    }

    /** Marks what another map of the same disk has marked. */
    public void markAllOf(DirtyMap other) {
        for (long at = other.nextDirty(0); at >= 0; at = at < sizeBytes ? other.nextDirty(at) : -1) {
            long end = other.dirtyEnd(at, sizeBytes);
            mark(at, end - at);
            at = end;
        }
    }

    /** Takes the marks of another map of the same disk over: it has none then. Nobody marks meanwhile. */
    public void takeFrom(DirtyMap other) {
        markAllOf(other);
        other.clear(0, sizeBytes);
    }

    @Override
    public void afterChange(long offset, long length) {
        mark(offset, length);
    }
}
