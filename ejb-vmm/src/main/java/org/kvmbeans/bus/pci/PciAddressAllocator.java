package org.kvmbeans.bus.pci;

import java.util.ArrayList;
import java.util.List;

/** Places BARs in the windows of a host bridge, as firmware does: naturally aligned, upwards. Used by one thread. */
public final class PciAddressAllocator {
    private static final long END_OF_32_BITS = 1L << 32;

    private final List<PciWindow> windows;
    private final List<PciWindow> taken = new ArrayList<>();

    public PciAddressAllocator(List<PciWindow> windows) {
        this.windows = List.copyOf(windows);
    }

    /** Marks addresses as in use. */
    public void reserve(PciWindow range) {
        taken.add(range);
    }

    /**
     * Finds room for a BAR in the first window that has some: below 4 GiB unless it has 64 bits.
     *
     * @return the address, a multiple of the BAR's size
     * @throws IllegalStateException where no window has room
     */
    public long allocate(PciBar bar) {
        for (PciWindow window : windows) {
            if (window.kind() == bar.type().space()) {
                long address = firstFit(window, bar);
                if (window.contains(address, bar.sizeBytes()) && isReachable(bar, address)) {
                    reserve(new PciWindow(window.kind(), address, bar.sizeBytes()));
                    return address;
                }
            }
        }
        throw new IllegalStateException(
                "no window of the PCI host bridge has room for " + bar.name() + " of " + bar.sizeBytes() + " bytes");
    }

    private static boolean isReachable(PciBar bar, long address) {
        return bar.type().isWide() || address + bar.sizeBytes() <= END_OF_32_BITS;
    }

    /** The lowest aligned address from the window's start on where nothing is; it may be beyond the window's end. */
    private long firstFit(PciWindow window, PciBar bar) {
        long size = bar.sizeBytes();
        // Address 0 means that a BAR is not assigned.
        long address = alignUp(Math.max(window.base(), 1), size);
        boolean moved;
        do {
            moved = false;
            for (PciWindow range : taken) {
                long end = range.base() + range.lengthBytes();
                if (range.kind() == window.kind() && address < end && range.base() < address + size) {
                    address = alignUp(end, size);
                    moved = true;
                }
            }
        } while (moved);
        return address;
    }

    private static long alignUp(long address, long alignment) {
        return (address + alignment - 1) & -alignment;
    }
}
