package org.kvmbeans.legacy;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.kvmbeans.bus.BusDevice;

/**
 * Registers by which the guest's ACPI methods learn which PCI slots devices have come to or are to leave, and let them go.
 *
 * <p>Three registers of 32 bits, a bit for each slot: at {@value #ADDED_OFFSET} those added and at {@value #REMOVAL_OFFSET}
 * those whose removal is wanted, both cleared by writing ones; at {@value #EJECT_OFFSET} the guest writes which slots it has
 * left, and reads zero. Only accesses of 32 bits to a register mean something.
 *
 * <p>Thread-safe. Callbacks run without the device's lock: the event on the thread that has news, the ejection on a vCPU
 * thread.
 */
public final class PciHotplug implements BusDevice {
    /** Where the register of slots added lies. */
    public static final int ADDED_OFFSET = 0;

    /** Where the register of removals wanted lies. */
    public static final int REMOVAL_OFFSET = 4;

    /** Where the register of ejections lies. */
    public static final int EJECT_OFFSET = 8;

    /** How many ports the device claims. */
    public static final int REGISTER_COUNT = 12;

    /** The highest slot; slot 0 is the host bridge, which stays. */
    public static final int LAST_SLOT = 31;

    private static final int SLOTS = 0xFFFF_FFFE;

    private final ReentrantLock lock = new ReentrantLock();
    private final Runnable raiseEvent;
    private final IntConsumer ejected;

    private int added;
    private int removal;

    /**
     * No slot has news.
     *
     * @param raiseEvent raises the general-purpose event whose method reads these registers
     * @param ejected called with a slot, 1 to 31, that the guest has let go. The guest may eject whatever it likes: an empty
     *     slot, a device nobody asked back, one and the same twice
     */
    public PciHotplug(Runnable raiseEvent, IntConsumer ejected) {
        this.raiseEvent = raiseEvent;
        this.ejected = ejected;
    }

    /** Tells the guest of a device that answers in a slot by now. */
    public void notifyAdded(int slot) {
        int bit = bit(slot);
        lock.lock();
        try {
            added |= bit;
            removal &= ~bit;
        } finally {
            lock.unlock();
        }
        raiseEvent.run();
    }

    /** Asks the guest to let a device go. It may take its time, or never do it; asking again is fine. */
    public void requestRemoval(int slot) {
        int bit = bit(slot);
        lock.lock();
        try {
            removal |= bit;
        } finally {
            lock.unlock();
        }
        raiseEvent.run();
    }

    private static int bit(int slot) {
        if (slot < 1 || slot > LAST_SLOT) {
            throw new IllegalArgumentException("PCI slot " + slot + "; those for devices are 1 to " + LAST_SLOT);
        }
        return 1 << slot;
    }

    @Override
    public long read(long offset, int size) {
        if (size != Integer.BYTES) {
            return 0;
        }
        lock.lock();
        try {
            return switch ((int) offset) {
                case ADDED_OFFSET -> Integer.toUnsignedLong(added);
                case REMOVAL_OFFSET -> Integer.toUnsignedLong(removal);
                default -> 0;
            };
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void write(long offset, int size, long value) {
        if (size != Integer.BYTES) {
            return;
        }
        int slots = (int) value & SLOTS;
        lock.lock();
        try {
            switch ((int) offset) {
                case ADDED_OFFSET -> added &= ~slots;
                case REMOVAL_OFFSET -> removal &= ~slots;
                case EJECT_OFFSET -> {
                    added &= ~slots;
                    removal &= ~slots;
                }
                default -> {}
            }
        } finally {
            lock.unlock();
        }
        if (offset == EJECT_OFFSET) {
            for (int rest = slots; rest != 0; rest &= rest - 1) {
                ejected.accept(Integer.numberOfTrailingZeros(rest));
            }
        }
    }
}
