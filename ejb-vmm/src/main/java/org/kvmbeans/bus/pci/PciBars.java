package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The BARs of one function and where each is decoded; guarded by the lock of its configuration space. */
final class PciBars {
    private static final long TYPE_BITS_MEMORY = 0xF;
    private static final long TYPE_BITS_IO = 0x3;
    private static final long END_OF_32_BITS = 1L << 32;

    private final PciConfigSpace config;
    private final List<PciBar> bars = new ArrayList<>();
    /** By index of the BAR: where it is on the bus. */
    private final long[] mapped = new long[PciBar.COUNT];

    private @Nullable PciSlot slot;
    private long refusals;
    private String lastRefusal = "";

    PciBars(PciConfigSpace config) {
        this.config = config;
        Arrays.fill(mapped, PciBar.Listener.UNMAPPED);
    }

    void add(PciBar bar) {
        for (PciBar other : bars) {
            int last = other.index() + (other.type().isWide() ? 1 : 0);
            int lastOfNew = bar.index() + (bar.type().isWide() ? 1 : 0);
            if (bar.index() <= last && other.index() <= lastOfNew) {
                throw new IllegalArgumentException("BAR " + bar.index() + ": " + other.name() + " and " + bar.name());
            }
        }
        bars.add(bar);
        long mask = ~(bar.sizeBytes() - 1) & ~(bar.type() == PciBar.Type.IO ? TYPE_BITS_IO : TYPE_BITS_MEMORY);
        config.set(bar.register(), Integer.BYTES, bar.type().bits());
        config.makeWritable(bar.register(), Integer.BYTES, mask & 0xFFFF_FFFFL);
        if (bar.type().isWide()) {
            config.makeWritable(bar.register() + Integer.BYTES, Integer.BYTES, mask >>> Integer.SIZE);
        }
    }

    List<PciBar> list() {
        return List.copyOf(bars);
    }

    void connect(PciSlot newSlot) {
        slot = newSlot;
    }

    void disconnect() {
        for (PciBar bar : bars) {
            unmap(bar);
        }
        slot = null;
    }

    long mappedAt(int index) {
        return mapped[index];
    }

    long refusals() {
        return refusals;
    }

    String lastRefusal() {
        return lastRefusal;
    }

    /** The address in a BAR's registers, whether decoded or not. */
    long address(PciBar bar) {
        long low = config.read(bar.register(), Integer.BYTES);
        if (bar.type() == PciBar.Type.IO) {
            return low & ~TYPE_BITS_IO;
        }
        long high = bar.type().isWide() ? config.read(bar.register() + Integer.BYTES, Integer.BYTES) : 0;
        return high << Integer.SIZE | (low & ~TYPE_BITS_MEMORY);
    }

    /** Brings the buses in line with the registers: first all that goes, so that BARs may change places. */
    void update() {
        for (PciBar bar : bars) {
            if (mapped[bar.index()] != wanted(bar)) {
                unmap(bar);
            }
        }
        for (PciBar bar : bars) {
            long wanted = wanted(bar);
            if (mapped[bar.index()] != wanted) {
                map(bar, wanted);
            }
        }
    }

    private long wanted(PciBar bar) {
        boolean io = bar.type() == PciBar.Type.IO;
        int enable = io ? PciRegister.COMMAND_IO : PciRegister.COMMAND_MEMORY;
        long address = address(bar);
        if (slot == null || (config.command() & enable) == 0 || address == 0 || isBeingSized(bar, address)) {
            return PciBar.Listener.UNMAPPED;
        }
        return address;
    }

    /** Whether the registers hold what remains of all ones, which software writes to learn the size, with or without upper half. */
    private static boolean isBeingSized(PciBar bar, long address) {
        return address < 0 || address + bar.sizeBytes() == END_OF_32_BITS;
    }

    private void map(PciBar bar, long address) {
        PciSlot where = slot;
        if (where == null) {
            return;
        }
        PciWindow.Kind space = bar.type().space();
        String obstacle = where.forwards(space, address, bar.sizeBytes())
                ? where.bus(space).tryAdd(bar.name(), address, bar.sizeBytes(), bar.device())
                : "no window of the host bridge is there";
        if (obstacle != null) {
            refusals++;
            lastRefusal = "%s is not decoded at 0x%x: %s".formatted(bar.name(), address, obstacle);
            return;
        }
        mapped[bar.index()] = address;
        bar.listener().moved(address);
    }

    private void unmap(PciBar bar) {
        long address = mapped[bar.index()];
        PciSlot where = slot;
        if (address != PciBar.Listener.UNMAPPED && where != null) {
            mapped[bar.index()] = PciBar.Listener.UNMAPPED;
            bar.listener().moved(PciBar.Listener.UNMAPPED);
            where.bus(bar.type().space()).remove(address, bar.device());
        }
    }
}
