package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.kvmbeans.bus.BusDevice;

/**
 * MSI-X of a function: the capability, the table of vectors and the array of pending bits (PCI Express Base 6.0, 6.1.4 and
 * 7.7.2).
 *
 * <p>A vector lets its signals through while MSI-X is enabled and neither the function nor the vector is masked; else they
 * become pending. May be used from any thread.
 */
public final class MsixTable implements AutoCloseable {
    /** The most vectors of a function. */
    public static final int MAX_VECTORS = 2048;

    /** Bytes of a table's entry. */
    public static final int ENTRY_BYTES = 16;

    private static final int CAPABILITY = 0x11;
    private static final int CAPABILITY_BYTES = 12;
    private static final int CONTROL = 2;
    private static final int CONTROL_FUNCTION_MASK = 1 << 14;
    private static final int CONTROL_ENABLE = 1 << 15;
    private static final int TABLE = 4;
    private static final int PENDING_BITS = 8;

    private static final int ENTRY_WORDS = ENTRY_BYTES / Integer.BYTES;
    private static final int ENTRY_HIGH = 1;
    private static final int ENTRY_DATA = 2;
    private static final int ENTRY_CONTROL = 3;
    private static final int VECTOR_MASKED = 1;
    private static final long LOW_ADDRESS_BITS = 0xFFFF_FFFCL;

    private final List<MsiVector> vectors = new ArrayList<>();
    private final int[] words;
    private final boolean[] open;
    private final AtomicLongArray signals;
    private final BusDevice table = new Table();
    private final BusDevice pendingBits = new PendingBits();
    private volatile boolean enabled;
    private boolean functionMasked;

    /**
     * Makes a table, all vectors masked.
     *
     * @param name what errors call the function
     * @param count vectors, 1 to {@link #MAX_VECTORS}
     */
    public MsixTable(MsiRouter router, String name, int count) {
        if (count < 1 || count > MAX_VECTORS) {
            throw new IllegalArgumentException(count + " MSI-X vectors of " + name + ": it must be 1 to 2,048");
        }
        for (int i = 0; i < count; i++) {
            vectors.add(router.create(name + " vector " + i));
        }
        words = new int[count * ENTRY_WORDS];
        open = new boolean[count];
        signals = new AtomicLongArray(count);
        clear();
    }

    /**
     * Adds the capability to a function.
     *
     * @param bar the index of the BAR that holds the table and the pending bits
     * @param tableOffset where in it the table lies, a multiple of 8
     * @param pendingOffset where in it the pending bits lie, a multiple of 8
     */
    public void install(PciConfigSpace config, int bar, int tableOffset, int pendingOffset) {
        int offset = config.addCapability(CAPABILITY, CAPABILITY_BYTES);
        config.set(offset + CONTROL, 2, vectors.size() - 1);
        config.makeWritable(offset + CONTROL, 2, CONTROL_FUNCTION_MASK | CONTROL_ENABLE);
        config.set(offset + TABLE, 4, tableOffset | bar);
        config.set(offset + PENDING_BITS, 4, pendingOffset | bar);
        config.watch(offset + CONTROL, 2, () -> {
            control((int) config.read(offset + CONTROL, 2));
            config.intx().replace(enabled);
        });
    }

    /** Answers for the table, {@link #ENTRY_BYTES} for each vector. */
    public BusDevice table() {
        return table;
    }

    /** Answers for the pending bits, eight bytes for each 64 vectors. */
    public BusDevice pendingBits() {
        return pendingBits;
    }

    /** Bytes of the pending bits. */
    public int pendingBytes() {
        return (vectors.size() + Long.SIZE - 1) / Long.SIZE * Long.BYTES;
    }

    /** How many vectors there are. */
    public int size() {
        return vectors.size();
    }

    /** Whether the guest has enabled MSI-X. */
    public boolean isEnabled() {
        return enabled;
    }

    /** Signals a vector, 0 to {@link #size} - 1. */
    public void signal(int vector) {
        signals.incrementAndGet(vector);
        vectors.get(vector).signal();
    }

    /** The eventfd of a vector; -1 where the host has no more. */
    public int eventFd(int vector) {
        return vectors.get(vector).eventFd();
    }

    /** How often {@link #signal} was called for a vector; signals of an eventfd are not seen here. */
    public long signals(int vector) {
        return signals.get(vector);
    }

    /** As after power-on: disabled, all vectors masked, nothing pending. */
    public synchronized void reset() {
        enabled = false;
        functionMasked = false;
        clear();
        for (MsiVector vector : vectors) {
            vector.reset();
        }
    }

    /** Gives back what the vectors hold. */
    @Override
    public synchronized void close() {
        enabled = false;
        for (MsiVector vector : vectors) {
            vector.close();
        }
    }

    private void clear() {
        for (int i = 0; i < words.length; i++) {
            words[i] = i % ENTRY_WORDS == ENTRY_CONTROL ? VECTOR_MASKED : 0;
        }
        Arrays.fill(open, false);
    }

    private synchronized void control(int value) {
        enabled = (value & CONTROL_ENABLE) != 0;
        functionMasked = (value & CONTROL_FUNCTION_MASK) != 0;
        for (int vector = 0; vector < open.length; vector++) {
            update(vector);
        }
    }

    private void update(int vector) {
        boolean wanted =
                enabled && !functionMasked && (words[vector * ENTRY_WORDS + ENTRY_CONTROL] & VECTOR_MASKED) == 0;
        if (wanted != open[vector]) {
            open[vector] = wanted;
            if (wanted) {
                program(vector);
                vectors.get(vector).unmask();
            } else {
                vectors.get(vector).mask();
            }
        }
    }

    private void program(int vector) {
        int at = vector * ENTRY_WORDS;
        long low = words[at] & LOW_ADDRESS_BITS;
        long address = (long) words[at + ENTRY_HIGH] << Integer.SIZE | low;
        vectors.get(vector).program(address, words[at + ENTRY_DATA]);
    }

    private synchronized int word(int index) {
        return words[index];
    }

    private synchronized void setWord(int index, int value) {
        int vector = index / ENTRY_WORDS;
        words[index] = index % ENTRY_WORDS == ENTRY_CONTROL ? value & VECTOR_MASKED : value;
        if (index % ENTRY_WORDS == ENTRY_CONTROL) {
            update(vector);
        } else if (open[vector]) {
            // A guest ought to mask the vector meanwhile; one that does not gets the words in the order of its writes.
            program(vector);
        }
    }

    private synchronized boolean isPending(int vector) {
        return !open[vector] && vectors.get(vector).isPending();
    }

    /** Accesses of four or eight bytes, aligned (7.7.2.2); others read as zero and are lost. */
    private final class Table implements BusDevice {
        @Override
        public long read(long offset, int size) {
            if (size < Integer.BYTES || offset % size != 0) {
                return 0;
            }
            int index = (int) offset / Integer.BYTES;
            long value = word(index) & 0xFFFF_FFFFL;
            return size == Integer.BYTES ? value : value | (long) word(index + 1) << Integer.SIZE;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (size >= Integer.BYTES && offset % size == 0) {
                int index = (int) offset / Integer.BYTES;
                setWord(index, (int) value);
                if (size == Long.BYTES) {
                    setWord(index + 1, (int) (value >>> Integer.SIZE));
                }
            }
        }
    }

    private final class PendingBits implements BusDevice {
        @Override
        public long read(long offset, int size) {
            long value = 0;
            for (int bit = 0; bit < size * Byte.SIZE; bit++) {
                int vector = (int) offset * Byte.SIZE + bit;
                if (vector < vectors.size() && isPending(vector)) {
                    value |= 1L << bit;
                }
            }
            return value;
        }

        @Override
        public void write(long offset, int size, long value) {
            // Read-only.
        }
    }
}
