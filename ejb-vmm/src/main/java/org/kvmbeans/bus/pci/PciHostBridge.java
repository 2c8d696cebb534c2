package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.BusDevice;
import org.kvmbeans.bus.InterruptLine;

/**
 * A PCI Express root complex with one bus of 32 slots, itself the function in slot 0.
 *
 * <p>Guests reach configuration space through the ports of configuration mechanism #1 ({@link #ports}; PCI Local Bus 3.0,
 * 3.2.2.3.2) and through ECAM ({@link #ecam}; PCI Express Base 6.0, 7.2.2). Reading a function that is absent gives all
 * ones. INTA of slot n is global system interrupt 16 + n mod 8, level-triggered and active high, shared among slots:
 * {@link #gsiOf}.
 *
 * <p>{@link #plug}, {@link #unplug} and {@link #close} may be called by any thread while vCPUs run.
 */
public final class PciHostBridge implements AutoCloseable {
    /** Slots of the bus, the bridge's own among them. */
    public static final int SLOTS = 32;

    /** The first port of mechanism #1; there are {@link #PORT_COUNT}. */
    public static final int PORT = 0xCF8;

    public static final int PORT_COUNT = 8;

    /** Bytes of ECAM for one bus. */
    public static final long ECAM_BYTES = 1 << 20;

    private static final int FIRST_GSI = 16;
    private static final int GSI_COUNT = 8;
    private static final int ECAM_SLOT_SHIFT = 15;
    private static final int ECAM_FUNCTION_SHIFT = 12;
    private static final int FUNCTIONS = 8;

    /**
     * The generic PCI Express host bridge, vendor 1B36 and device 0008 of QEMU's docs/specs/pci-ids, which needs no driver:
     * class host bridge.
     */
    private static final PciIdentity IDENTITY = new PciIdentity(0x1B36, 0x0008, 0, 0x060000, 0x1AF4, 0x1100);

    /**
     * What a bridge joins.
     *
     * @param memory the bus of memory-mapped I/O
     * @param ports the bus of I/O ports
     * @param windows the addresses where BARs may lie
     * @param interrupts the wire of a global system interrupt, for 16 to 23
     */
    public record Wiring(
            AddressBus memory, AddressBus ports, List<PciWindow> windows, IntFunction<InterruptLine> interrupts) {}

    private final Wiring wiring;
    private final AtomicReferenceArray<@Nullable PciFunction> slots = new AtomicReferenceArray<>(SLOTS);
    private final List<SharedInterruptLine> lines = new ArrayList<>();

    public PciHostBridge(Wiring wiring) {
        this.wiring = wiring;
        for (int i = 0; i < GSI_COUNT; i++) {
            lines.add(new SharedInterruptLine(wiring.interrupts().apply(FIRST_GSI + i)));
        }
        slots.set(0, new BridgeFunction());
    }

    /** The global system interrupt of INTA in a slot. */
    public static int gsiOf(int slot) {
        return FIRST_GSI + slot % GSI_COUNT;
    }

    /**
     * Puts a function into a slot.
     *
     * @param slot 1 to 31
     * @throws IllegalStateException where the slot is taken
     */
    public synchronized void plug(int slot, PciFunction function) {
        checkSlot(slot);
        PciFunction present = slots.get(slot);
        if (present != null) {
            throw new IllegalStateException("PCI slot " + slot + " holds " + present.name());
        }
        function.connect(new PciSlot(
                slot,
                wiring.memory(),
                wiring.ports(),
                wiring.windows(),
                gsiOf(slot),
                lines.get(slot % GSI_COUNT).input()));
        slots.set(slot, function);
    }

    /**
     * Takes the function out of a slot; the caller closes it.
     *
     * @param slot 1 to 31
     * @return what was there
     */
    public synchronized @Nullable PciFunction unplug(int slot) {
        checkSlot(slot);
        PciFunction function = slots.getAndSet(slot, null);
        if (function != null) {
            function.disconnect();
        }
        return function;
    }

    /** What is in a slot, 0 to 31. */
    public @Nullable PciFunction function(int slot) {
        return slots.get(slot);
    }

    /** The lowest slot that is free; -1 where all are taken. */
    public synchronized int freeSlot() {
        for (int slot = 1; slot < SLOTS; slot++) {
            if (slots.get(slot) == null) {
                return slot;
            }
        }
        return -1;
    }

    /**
     * Gives every BAR that has no address one, the largest first, as firmware does before it starts the kernel. Functions
     * that are plugged in later get theirs from the guest.
     *
     * @throws IllegalStateException where the windows are too small
     */
    public synchronized void assignAddresses() {
        record Unassigned(PciFunction function, PciBar bar) {}

        PciAddressAllocator allocator = new PciAddressAllocator(wiring.windows());
        List<Unassigned> unassigned = new ArrayList<>();
        for (int slot = 1; slot < SLOTS; slot++) {
            PciFunction function = slots.get(slot);
            if (function == null) {
                continue;
            }
            for (PciBar bar : function.config().bars()) {
                long address = function.config().assigned(bar);
                if (address == 0) {
                    unassigned.add(new Unassigned(function, bar));
                } else {
                    allocator.reserve(new PciWindow(bar.type().space(), address, bar.sizeBytes()));
                }
            }
        }
        unassigned.sort(Comparator.comparingLong((Unassigned one) -> one.bar().sizeBytes())
                .reversed());
        for (Unassigned one : unassigned) {
            one.function().config().assign(one.bar(), allocator.allocate(one.bar()));
        }
    }

    /**
     * The device of the eight ports from {@link #PORT} on.
     *
     * @param resetControl answers accesses of one byte to port 0xCF9, which chipsets hide in the address register
     */
    public BusDevice ports(BusDevice resetControl) {
        return new PciConfigPorts(this, resetControl);
    }

    /** The device of {@link #ECAM_BYTES} memory-mapped bytes: configuration space of the bus. */
    public BusDevice ecam() {
        return new BusDevice() {
            @Override
            public long read(long offset, int size) {
                return readEcam((int) offset, size);
            }

            @Override
            public void write(long offset, int size, long value) {
                writeEcam((int) offset, size, value);
            }
        };
    }

    private long readEcam(int offset, int size) {
        if (size == Long.BYTES) {
            return readEcam(offset, Integer.BYTES) | readEcam(offset + Integer.BYTES, Integer.BYTES) << Integer.SIZE;
        }
        return readConfig(slotOf(offset), functionOf(offset), offset % PciConfigSpace.BYTES, size);
    }

    private void writeEcam(int offset, int size, long value) {
        if (size == Long.BYTES) {
            writeEcam(offset, Integer.BYTES, value & 0xFFFF_FFFFL);
            writeEcam(offset + Integer.BYTES, Integer.BYTES, value >>> Integer.SIZE);
        } else {
            writeConfig(slotOf(offset), functionOf(offset), offset % PciConfigSpace.BYTES, size, value);
        }
    }

    private static int slotOf(int ecamOffset) {
        return ecamOffset >>> ECAM_SLOT_SHIFT & (SLOTS - 1);
    }

    private static int functionOf(int ecamOffset) {
        return ecamOffset >>> ECAM_FUNCTION_SHIFT & (FUNCTIONS - 1);
    }

    /** Reads configuration space; all ones where the function is absent or the access leaves the space. */
    long readConfig(int slot, int functionNumber, int offset, int size) {
        PciFunction function = slots.get(slot);
        if (function == null || functionNumber != 0 || offset + size > PciConfigSpace.BYTES) {
            return -1L >>> (Long.SIZE - Byte.SIZE * size);
        }
        return function.readConfig(offset, size);
    }

    /** Writes configuration space; nothing happens where the function is absent or the access leaves the space. */
    void writeConfig(int slot, int functionNumber, int offset, int size, long value) {
        PciFunction function = slots.get(slot);
        if (function != null && functionNumber == 0 && offset + size <= PciConfigSpace.BYTES) {
            function.writeConfig(offset, size, value);
        }
    }

    /** Takes every function out and closes it; no vCPU runs any more. */
    @Override
    public synchronized void close() {
        RuntimeException failure = null;
        for (int slot = SLOTS - 1; slot > 0; slot--) {
            PciFunction function = unplug(slot);
            if (function != null) {
                try {
                    function.close();
                } catch (RuntimeException e) {
                    failure = e;
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static void checkSlot(int slot) {
        if (slot < 1 || slot >= SLOTS) {
            throw new IllegalArgumentException("PCI slot " + slot + ": it must be 1 to 31");
        }
    }

    /** The bridge itself, as it stands in slot 0: it has nothing to set. */
    private static final class BridgeFunction implements PciFunction {
        private final PciConfigSpace config = new PciConfigSpace(IDENTITY);

        @Override
        public String name() {
            return "host bridge";
        }

        @Override
        public PciConfigSpace config() {
            return config;
        }

        @Override
        public void reset() {
            config.reset();
        }

        @Override
        public void close() {}
    }
}
