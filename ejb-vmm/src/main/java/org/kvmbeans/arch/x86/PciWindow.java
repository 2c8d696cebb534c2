package org.kvmbeans.arch.x86;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.kvm.CpuidEntry;

/**
 * A stretch of the guest's address space that BARs may lie in.
 *
 * @param base first guest-physical address, a multiple of 4 KiB
 * @param lengthBytes its length, a positive multiple of 4 KiB
 */
public record PciWindow(long base, long lengthBytes) {
    private static final long PAGE_BYTES = 4096;
    /** CPUID leaf whose EAX begins with the width of physical addresses. */
    private static final int ADDRESS_SIZES = 0x8000_0008;
    /** What CPUs without that leaf have. */
    private static final int LEAST_ADDRESS_BITS = 36;

    private static final long WINDOW_64_BYTES = 16L << 30;

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

    /**
     * A window above RAM, where the CPU's addresses reach that far.
     *
     * @param ramEnd the first guest-physical address above all RAM, at least 4 GiB
     * @param cpuid what tells the width of the CPU's addresses
     * @return null where there is no room
     */
    public static @Nullable PciWindow aboveRam(long ramEnd, List<CpuidEntry> cpuid) {
        int bits = cpuid.stream()
                .filter(entry -> entry.function() == ADDRESS_SIZES)
                .mapToInt(entry -> entry.eax() & 0xFF)
                .findFirst()
                .orElse(LEAST_ADDRESS_BITS);
        long base = (ramEnd + WINDOW_64_BYTES - 1) / WINDOW_64_BYTES * WINDOW_64_BYTES;
        return base + WINDOW_64_BYTES <= 1L << bits ? new PciWindow(base, WINDOW_64_BYTES) : null;
    }

    /** The last address. */
    public long last() {
        return base + (lengthBytes - 1);
    }
}
