package org.kvmbeans.legacy;

import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.kvmbeans.bus.BusDevice;

/**
 * Registers by which the guest's ACPI methods learn which vCPUs are there, which have come or are to go, and let them go.
 *
 * <ul>
 *   <li>{@value #SELECT_OFFSET}, 32 bits: the index of the vCPU that the flags are about.
 *   <li>{@value #FLAGS_OFFSET}, 8 bits: bit 0 there, bit 1 has come, bit 2 is to go. Writing ones clears the two events;
 *       writing bit 3 ejects the vCPU.
 *   <li>{@value #NEXT_OFFSET}, 32 bits: reading selects the first vCPU with an event, and gives its index; all ones where
 *       there is none.
 * </ul>
 *
 * <p>Accesses of other sizes or places read zero and do nothing, as do flags of a vCPU that there cannot be. Thread-safe.
 * Callbacks run without the device's lock: the event on the thread that has news, the ejection on a vCPU thread.
 */
public final class CpuHotplug implements BusDevice {
    /** Where the selector lies. */
    public static final int SELECT_OFFSET = 0;

    /** Where the flags of the selected vCPU lie. */
    public static final int FLAGS_OFFSET = 4;

    /** Where the next vCPU with an event is asked for. */
    public static final int NEXT_OFFSET = 8;

    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 12;

    static final int PRESENT = 1;
    static final int ADDED = 1 << 1;
    static final int REMOVAL = 1 << 2;
    static final int EJECT = 1 << 3;

    private static final long NO_EVENT = 0xFFFF_FFFFL;

    private final ReentrantLock lock = new ReentrantLock();
    private final int vcpuCount;
    private final Runnable raiseEvent;
    private final IntConsumer ejected;

    private final BitSet present = new BitSet();
    private final BitSet added = new BitSet();
    private final BitSet removal = new BitSet();
    private int selected;

    /**
     * A machine at power-on.
     *
     * @param vcpuCount how many vCPUs there can be
     * @param presentVcpus indexes of those that are there
     * @param raiseEvent raises the general-purpose event whose method reads these registers
     * @param ejected called with the index, never 0, of a vCPU that was there and that the guest has let go, asked or not; it
     *     runs no more code of the guest's, unless the guest is broken
     */
    public CpuHotplug(int vcpuCount, Set<Integer> presentVcpus, Runnable raiseEvent, IntConsumer ejected) {
        this.vcpuCount = vcpuCount;
        this.raiseEvent = raiseEvent;
        this.ejected = ejected;
        presentVcpus.forEach(index -> present.set(checked(index)));
    }

    /** Tells the guest of a vCPU that waits for its start-up interrupt by now. */
    public void notifyAdded(int index) {
        lock.lock();
        try {
            present.set(checked(index));
            added.set(index);
            removal.clear(index);
        } finally {
            lock.unlock();
        }
        raiseEvent.run();
    }

    /**
     * Asks the guest to let a vCPU go. It may take its time, or never do it; asking again is fine.
     *
     * @param index not 0, which no guest lets go
     * @throws IllegalStateException where that vCPU is not there
     */
    public void requestRemoval(int index) {
        lock.lock();
        try {
            if (checked(index) == 0 || !present.get(index)) {
                throw new IllegalStateException("vCPU " + index
                        + (index == 0 ? " cannot be removed" : " is not there, so it cannot be removed"));
            }
            removal.set(index);
        } finally {
            lock.unlock();
        }
        raiseEvent.run();
    }

    /** Whether the guest takes a vCPU for one that is there. */
    public boolean isPresent(int index) {
        lock.lock();
        try {
            return present.get(checked(index));
        } finally {
            lock.unlock();
        }
    }

    private int checked(int index) {
        if (index < 0 || index >= vcpuCount) {
            throw new IllegalArgumentException("vCPU " + index + "; there can be 0 to " + (vcpuCount - 1));
        }
        return index;
    }

    @Override
    public long read(long offset, int size) {
        lock.lock();
        try {
            if (offset == FLAGS_OFFSET && size == 1) {
                return flags();
            }
            if (size != Integer.BYTES) {
                return 0;
            }
            return switch ((int) offset) {
                case SELECT_OFFSET -> Integer.toUnsignedLong(selected);
                case NEXT_OFFSET -> selectNext();
                default -> 0;
            };
        } finally {
            lock.unlock();
        }
    }

    private int flags() {
        if (!isSelectionValid()) {
            return 0;
        }
        return (present.get(selected) ? PRESENT : 0)
                | (added.get(selected) ? ADDED : 0)
                | (removal.get(selected) ? REMOVAL : 0);
    }

    private long selectNext() {
        int nextAdded = added.nextSetBit(0);
        int nextRemoval = removal.nextSetBit(0);
        if (nextAdded < 0 && nextRemoval < 0) {
            return NO_EVENT;
        }
        // As unsigned numbers, so that "none" is beyond all.
        selected = Integer.compareUnsigned(nextAdded, nextRemoval) < 0 ? nextAdded : nextRemoval;
        return selected;
    }

    /** A selector from the guest may be any 32 bits. */
    private boolean isSelectionValid() {
        return selected >= 0 && selected < vcpuCount;
    }

    @Override
    public void write(long offset, int size, long value) {
        int leaving = -1;
        lock.lock();
        try {
            if (offset == SELECT_OFFSET && size == Integer.BYTES) {
                selected = (int) value;
            } else if (offset == FLAGS_OFFSET && size == 1 && isSelectionValid()) {
                leaving = writeFlags((int) value);
            }
        } finally {
            lock.unlock();
        }
        if (leaving > 0) {
            ejected.accept(leaving);
        }
    }

    /** Returns the vCPU that has gone by this, or -1. */
    private int writeFlags(int flags) {
        if ((flags & ADDED) != 0) {
            added.clear(selected);
        }
        if ((flags & REMOVAL) != 0) {
            removal.clear(selected);
        }
        if ((flags & EJECT) == 0 || selected == 0 || !present.get(selected)) {
            return -1;
        }
        present.clear(selected);
        added.clear(selected);
        removal.clear(selected);
        return selected;
    }
}
