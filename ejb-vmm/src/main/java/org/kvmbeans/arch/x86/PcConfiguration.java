package org.kvmbeans.arch.x86;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What varies from one machine to another and its tables must tell.
 *
 * @param topology of all vCPUs that there are or can be
 * @param presentVcpus indexes of those that are there from the start, vCPU 0 among them; others can be plugged in later
 * @param keyboardController whether the guest is told of the i8042; without, it spends no time on looking for one
 * @param pciWindow64 where 64-bit BARs may lie, beyond RAM and above 4 GiB; null where there is no such place
 */
public record PcConfiguration(
        CpuTopology topology,
        Set<Integer> presentVcpus,
        boolean keyboardController,
        @Nullable PciWindow pciWindow64) {
    public PcConfiguration {
        presentVcpus = Set.copyOf(presentVcpus);
        int count = topology.vcpuCount();
        if (!presentVcpus.contains(0) || presentVcpus.stream().anyMatch(i -> i < 0 || i >= count)) {
            throw new IllegalArgumentException(
                    "presentVcpus are " + presentVcpus + ": 0 must be among them, and all be below " + count);
        }
        if (pciWindow64 != null && pciWindow64.base() < PcLayout.HOLE_END) {
            throw new IllegalArgumentException(pciWindow64 + ": the 64-bit window must lie above 4 GiB");
        }
    }

    /** A machine with all its vCPUs present, no keyboard controller and no 64-bit window. */
    public static PcConfiguration of(CpuTopology topology) {
        return new PcConfiguration(topology, firstVcpus(topology.vcpuCount()), false, null);
    }

    /** The same machine with other vCPUs present. */
    public PcConfiguration withPresentVcpus(Set<Integer> indexes) {
        return new PcConfiguration(topology, indexes, keyboardController, pciWindow64);
    }

    /** The same machine with its first {@code count} vCPUs present. */
    public PcConfiguration withPresentVcpus(int count) {
        return withPresentVcpus(firstVcpus(count));
    }

    /** The same machine, whose guest is told of the keyboard controller. */
    public PcConfiguration withKeyboardController() {
        return new PcConfiguration(topology, presentVcpus, true, pciWindow64);
    }

    /** The same machine with a window for 64-bit BARs. */
    public PcConfiguration withPciWindow64(PciWindow window) {
        return new PcConfiguration(topology, presentVcpus, keyboardController, window);
    }

    private static Set<Integer> firstVcpus(int count) {
        return IntStream.range(0, count).boxed().collect(Collectors.toUnmodifiableSet());
    }
}
