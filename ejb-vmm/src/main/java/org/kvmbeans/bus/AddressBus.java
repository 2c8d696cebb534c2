package org.kvmbeans.bus;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Dispatches accesses of the guest to the devices that claimed the addresses: one bus for I/O ports, one for
 * memory-mapped I/O.
 *
 * <p>An access belongs to the range that holds its first byte. Bytes outside every range float: they read as ones, and
 * writes to them are lost; such accesses are counted. Lookups take no lock, as this is the path of every exit: the
 * ranges are an immutable sorted array, and the range of the last hit is tried first. Ranges are added and removed by any
 * thread, which accesses see that begin after {@link #add} or {@link #remove} has returned.
 *
 * <p>A bus is a device itself, whose offsets are its addresses: registers of one device may lie on a bus of their own.
 */
public final class AddressBus implements BusDevice {
    private static final int WIDEST_ACCESS = 8;

    private static final class Range {
        final String name;
        final long base;
        final long length;
        final BusDevice device;
        /** Written before the array without the range, and read by those who find it by the hint, which may be older. */
        volatile boolean removed;

        Range(String name, long base, long length, BusDevice device) {
            this.name = name;
            this.base = base;
            this.length = length;
            this.device = device;
        }

        boolean contains(long address) {
            return address >= base && address - base < length;
        }

        boolean overlaps(Range other) {
            return base <= other.last() && other.base <= last();
        }

        long last() {
            return base + (length - 1);
        }

        @Override
        public String toString() {
            return "%s (0x%x-0x%x)".formatted(name, base, last());
        }
    }

    private final LongAdder unclaimedReads = new LongAdder();
    private final LongAdder unclaimedWrites = new LongAdder();
    private volatile Range[] ranges = {};

    /** A hint without ordering: a stale one is merely a miss, as a range that has left the bus says so itself. */
    private @Nullable Range lastHit;

    /**
     * Claims {@code length} addresses from {@code base} on for a device.
     *
     * @param name what errors call the range, for example {@code com1}
     * @throws IllegalArgumentException where the range is empty, negative or overlaps one that is claimed already
     */
    public synchronized void add(String name, long base, long length, BusDevice device) {
        String obstacle = tryAdd(name, base, length, device);
        if (obstacle != null) {
            throw new IllegalArgumentException("bus range %s (0x%x-0x%x) overlaps %s; ranges of a bus are disjoint"
                    .formatted(name, base, base + (length - 1), obstacle));
        }
    }

    /**
     * Claims addresses as {@link #add} does, unless they overlap others: for ranges that a guest places.
     *
     * @return null where they are claimed now, else a description of the range that is in the way
     * @throws IllegalArgumentException where the range is empty, negative or ends beyond 2^63
     */
    public synchronized @Nullable String tryAdd(String name, long base, long length, BusDevice device) {
        if (base < 0 || length <= 0 || base > Long.MAX_VALUE - (length - 1)) {
            throw new IllegalArgumentException(
                    "bus range %s: base 0x%x, length 0x%x; want a base of 0 or more, a length of 1 or more and an end below 2^63"
                            .formatted(name, base, length));
        }
        Range added = new Range(name, base, length, device);
        for (Range range : ranges) {
            if (range.overlaps(added)) {
                return range.toString();
            }
        }
        Range[] larger = Arrays.copyOf(ranges, ranges.length + 1);
        larger[ranges.length] = added;
        Arrays.sort(larger, (a, b) -> Long.compare(a.base, b.base));
        ranges = larger;
        return null;
    }

    /**
     * Gives up the addresses that begin at {@code base}. An access that began before may still be inside the device when
     * this returns; later ones do not reach it.
     *
     * @return whether {@code device} had claimed them
     */
    public synchronized boolean remove(long base, BusDevice device) {
        Range[] present = ranges;
        for (int i = 0; i < present.length; i++) {
            Range range = present[i];
            if (range.base == base && range.device == device) {
                Range[] smaller = Arrays.copyOf(present, present.length - 1);
                System.arraycopy(present, i + 1, smaller, i, smaller.length - i);
                range.removed = true;
                ranges = smaller;
                return true;
            }
        }
        return false;
    }

    /**
     * Reads {@code size} bytes, 1 to 8, at {@code address}.
     *
     * @return the value, little-endian; all ones where nobody claims the address
     */
    @Override
    public long read(long address, int size) {
        Range range = find(address);
        if (range == null) {
            checkSize(size);
            unclaimedReads.increment();
            return allOnes(size);
        }
        long offset = address - range.base;
        if (isWhole(range, offset, size)) {
            return range.device.read(offset, size);
        }
        return readBytewise(range, offset, size);
    }

    /** Writes {@code size} bytes, 1 to 8, at {@code address}; nothing happens where nobody claims the address. */
    @Override
    public void write(long address, int size, long value) {
        Range range = find(address);
        if (range == null) {
            checkSize(size);
            unclaimedWrites.increment();
            return;
        }
        long offset = address - range.base;
        if (isWhole(range, offset, size)) {
            range.device.write(offset, size, value & allOnes(size));
        } else {
            writeBytewise(range, offset, size, value);
        }
    }

    /** Reads so far of which at least one byte was claimed by nobody. */
    public long unclaimedReads() {
        return unclaimedReads.sum();
    }

    /** Writes so far of which at least one byte was claimed by nobody. */
    public long unclaimedWrites() {
        return unclaimedWrites.sum();
    }

    private @Nullable Range find(long address) {
        Range hint = lastHit;
        if (hint != null && hint.contains(address) && !hint.removed) {
            return hint;
        }
        Range[] sorted = ranges;
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Range range = sorted[middle];
            if (range.contains(address)) {
                lastHit = range;
                return range;
            }
            if (range.base > address) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return null;
    }

    /** Whether a device may see the access as it is: inside its range and of a size a processor calls natural. */
    private static boolean isWhole(Range range, long offset, int size) {
        checkSize(size);
        return Integer.bitCount(size) == 1 && size <= range.length - offset;
    }

    private long readBytewise(Range range, long offset, int size) {
        int claimed = (int) Math.min(size, range.length - offset);
        if (claimed < size) {
            unclaimedReads.increment();
        }
        long value = allOnes(size);
        for (int i = 0; i < claimed; i++) {
            long octet = range.device.read(offset + i, 1) & 0xFF;
            value = (value & ~(0xFFL << (8 * i))) | (octet << (8 * i));
        }
        return value;
    }

    private void writeBytewise(Range range, long offset, int size, long value) {
        int claimed = (int) Math.min(size, range.length - offset);
        if (claimed < size) {
            unclaimedWrites.increment();
        }
        for (int i = 0; i < claimed; i++) {
            range.device.write(offset + i, 1, value >>> (8 * i) & 0xFF);
        }
    }

    private static long allOnes(int size) {
        return -1L >>> (64 - 8 * size);
    }

    private static void checkSize(int size) {
        if (size < 1 || size > WIDEST_ACCESS) {
            throw new IllegalArgumentException("bus access of %d bytes; want 1 to 8".formatted(size));
        }
    }
}
