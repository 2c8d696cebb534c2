package org.kvmbeans.arch.x86;

/**
 * A stretch of the guest's address space that BARs may lie in.
 *
 * @param base first guest-physical address, a multiple of 4 KiB
 * @param lengthBytes its length, a positive multiple of 4 KiB
 */
public record PciWindow(long base, long lengthBytes) {
    private static final long PAGE_BYTES = 4096;

    public PciWindow {
        if (base < 0
                || lengthBytes <= 0
                || (base | lengthBytes) % PAGE_BYTES != 0
                || base > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException(String.format(
                    "PCI window of 0x%x bytes at 0x%x: both must be multiples of 4 KiB, and not negative",
                    lengthBytes, base));
        }
    }

    /** The last address. */
    public long last() {
        return base + (lengthBytes - 1);
    }
}
