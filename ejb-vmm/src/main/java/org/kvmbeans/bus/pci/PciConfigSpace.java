package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.List;

/**
 * The configuration space of a function: 4,096 bytes with a type 0 header (PCI Express Base 6.0, 7.5.1.2).
 *
 * <p>Whoever builds the function says which bits there are, what they begin with and which of them the guest may write.
 * BARs are put on the buses as the guest enables and moves them; one that would overlap something else or lie outside the
 * bridge's windows is not decoded, and {@link #lastRefusal} says why. Methods may be called from any thread; listeners and
 * watchers run under the lock.
 */
public final class PciConfigSpace {
    /** Bytes of the space. */
    public static final int BYTES = 4096;

    /** Bytes that the first configuration mechanism reaches, and where capabilities end. */
    public static final int LEGACY_BYTES = 256;

    private static final int CAPABILITY_NEXT = 1;
    private static final int CAPABILITY_EXPRESS = 0x10;
    private static final int EXPRESS_BYTES = 0x3C;
    private static final int EXPRESS_FLAGS = 2;
    /** Version 2, and device type 9: an endpoint that is part of the root complex (7.5.3.2). */
    private static final int EXPRESS_VERSION_2_INTEGRATED = 0x92;

    private static final int EXPRESS_DEVICE_CAPABILITIES = 4;
    private static final long EXPRESS_ROLE_BASED_ERRORS = 1 << 15;
    private static final int EXPRESS_DEVICE_CONTROL = 8;
    /** All but initiating a function level reset, which is not offered. */
    private static final long EXPRESS_DEVICE_CONTROL_BITS = 0x7FFF;

    private static final int PIN_INTA = 1;

    private record Watch(int offset, int length, Runnable changed) {
        boolean covers(int at, int size) {
            return at < offset + length && offset < at + size;
        }
    }

    private final byte[] initial = new byte[BYTES];
    private final byte[] values = new byte[BYTES];
    private final byte[] writable = new byte[BYTES];
    private final List<Watch> watches = new ArrayList<>();
    private final PciBars bars = new PciBars(this);
    private final IntxPin pin = new IntxPin();
    private int lastCapability;
    private int capabilitiesEnd = PciRegister.HEADER_END;

    public PciConfigSpace(PciIdentity identity) {
        set(PciRegister.VENDOR_ID, 2, identity.vendorId());
        set(PciRegister.DEVICE_ID, 2, identity.deviceId());
        set(PciRegister.REVISION_ID, 1, identity.revision());
        set(PciRegister.CLASS_CODE, 3, identity.classCode());
        set(PciRegister.SUBSYSTEM_VENDOR_ID, 2, identity.subsystemVendorId());
        set(PciRegister.SUBSYSTEM_ID, 2, identity.subsystemId());
        makeWritable(PciRegister.COMMAND, 2, PciRegister.COMMAND_BUS_MASTER);
        makeWritable(PciRegister.INTERRUPT_LINE, 1, 0xFF);
        watch(PciRegister.COMMAND, 2, () -> pin.disable((command() & PciRegister.COMMAND_INTX_DISABLE) != 0));
        watch(PciRegister.COMMAND, 2, bars::update);
        watch(PciRegister.BAR_0, PciBar.COUNT * Integer.BYTES, bars::update);
    }

    // What builds a function uses before it is connected.

    /** Sets what a register begins with. */
    public synchronized void set(int offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            initial[offset + i] = (byte) (value >>> (Byte.SIZE * i));
            values[offset + i] = initial[offset + i];
        }
    }

    /** Lets the guest write these bits of a register, besides those that it may write already. */
    public synchronized void makeWritable(int offset, int size, long mask) {
        for (int i = 0; i < size; i++) {
            writable[offset + i] |= (byte) (mask >>> (Byte.SIZE * i));
        }
    }

    /**
     * Appends a capability to the list.
     *
     * @param id PCI Code and ID Assignment, 2
     * @param length bytes, the two of the list's header among them
     * @return its offset
     * @throws IllegalStateException where the space for capabilities is used up
     */
    public synchronized int addCapability(int id, int length) {
        int offset = capabilitiesEnd;
        int end = (offset + length + Integer.BYTES - 1) & -Integer.BYTES;
        if (end > LEGACY_BYTES) {
            throw new IllegalStateException("no room for capability " + id + " of " + length + " bytes");
        }
        set(offset, 1, id);
        if (lastCapability == 0) {
            set(PciRegister.CAPABILITIES_POINTER, 1, offset);
            set(PciRegister.STATUS, 2, PciRegister.STATUS_CAPABILITIES);
        } else {
            set(lastCapability + CAPABILITY_NEXT, 1, offset);
        }
        lastCapability = offset;
        capabilitiesEnd = end;
        return offset;
    }

    /** Appends the PCI Express capability of an endpoint that is integrated into the root complex (7.5.3). */
    public void addExpressCapability() {
        int offset = addCapability(CAPABILITY_EXPRESS, EXPRESS_BYTES);
        set(offset + EXPRESS_FLAGS, 2, EXPRESS_VERSION_2_INTEGRATED);
        set(offset + EXPRESS_DEVICE_CAPABILITIES, 4, EXPRESS_ROLE_BASED_ERRORS);
        makeWritable(offset + EXPRESS_DEVICE_CONTROL, 2, EXPRESS_DEVICE_CONTROL_BITS);
    }

    /** Adds a BAR. */
    public synchronized void addBar(PciBar bar) {
        bars.add(bar);
        makeWritable(
                PciRegister.COMMAND,
                2,
                bar.type() == PciBar.Type.IO ? PciRegister.COMMAND_IO : PciRegister.COMMAND_MEMORY);
    }

    /** Gives the function the interrupt pin INTA; {@link #intx} drives it. */
    public void addInterruptPin() {
        set(PciRegister.INTERRUPT_PIN, 1, PIN_INTA);
        makeWritable(PciRegister.COMMAND, 2, PciRegister.COMMAND_INTX_DISABLE);
    }

    /** Calls {@code changed}, under the lock, after each write of the guest to these bytes and after each reset. */
    public synchronized void watch(int offset, int length, Runnable changed) {
        watches.add(new Watch(offset, length, changed));
    }

    // What the machine and the guest use.

    /** The interrupt pin. */
    public IntxPin intx() {
        return pin;
    }

    /** The BARs, in the order in which they were added. */
    public synchronized List<PciBar> bars() {
        return bars.list();
    }

    /** Where a BAR is decoded; {@link PciBar.Listener#UNMAPPED} where it is not. */
    public synchronized long mappedAt(int barIndex) {
        return bars.mappedAt(barIndex);
    }

    /** How often a BAR was not decoded where the guest had placed it. */
    public synchronized long refusals() {
        return bars.refusals();
    }

    /** Why a BAR was not decoded the last time; empty where that never happened. */
    public synchronized String lastRefusal() {
        return bars.lastRefusal();
    }

    /** Reads {@code size} bytes; those beyond the space are zero. */
    public synchronized long read(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size && offset + i < BYTES; i++) {
            value |= (values[offset + i] & 0xFFL) << (Byte.SIZE * i);
        }
        if (offset <= PciRegister.STATUS && PciRegister.STATUS < offset + size && pin.isPending()) {
            value |= (long) PciRegister.STATUS_INTERRUPT << (Byte.SIZE * (PciRegister.STATUS - offset));
        }
        return value;
    }

    /** Writes those bits of {@code size} bytes that are writable. */
    public synchronized void write(int offset, int size, long value) {
        for (int i = 0; i < size && offset + i < BYTES; i++) {
            int at = offset + i;
            int mask = writable[at];
            values[at] = (byte) ((values[at] & ~mask) | ((value >>> (Byte.SIZE * i)) & mask));
        }
        for (Watch watch : watches) {
            if (watch.covers(offset, size)) {
                watch.changed.run();
            }
        }
    }

    /** The command register. */
    public synchronized int command() {
        return (int) read(PciRegister.COMMAND, 2);
    }

    /** Sets a BAR's address, as firmware does; it is decoded only when the guest enables that. */
    public synchronized void assign(PciBar bar, long address) {
        write(bar.register(), Integer.BYTES, address);
        if (bar.type().isWide()) {
            write(bar.register() + Integer.BYTES, Integer.BYTES, address >>> Integer.SIZE);
        }
    }

    /** The address in a BAR's registers; 0 where it has none. */
    public synchronized long assigned(PciBar bar) {
        return bars.address(bar);
    }

    /** It is in a slot: BARs may be decoded from now on, and the pin has a wire. */
    synchronized void connect(PciSlot slot) {
        if (values[PciRegister.INTERRUPT_PIN] != 0) {
            set(PciRegister.INTERRUPT_LINE, 1, slot.gsi());
        }
        bars.connect(slot);
        pin.connect(slot.interrupt());
        bars.update();
    }

    /** It is in no slot any more: no BAR is decoded, and the wire is low. */
    synchronized void disconnect() {
        bars.disconnect();
        pin.disconnect();
    }

    /** Forgets all that the guest has written. */
    public synchronized void reset() {
        System.arraycopy(initial, 0, values, 0, BYTES);
        watches.forEach(watch -> watch.changed.run());
    }
}
