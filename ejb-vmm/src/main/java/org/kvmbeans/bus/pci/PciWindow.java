package org.kvmbeans.bus.pci;

/**
 * Addresses that the host bridge forwards to its bus, as its {@code _CRS} tells the guest.
 *
 * @param kind of which space
 * @param base the first address
 * @param lengthBytes how many
 */
public record PciWindow(Kind kind, long base, long lengthBytes) {
    /** The address spaces of PCI. */
    public enum Kind {
        MEMORY,
        IO
    }

    boolean contains(long address, long bytes) {
        long offset = address - base;
        return offset >= 0 && offset <= lengthBytes - bytes;
    }
}
