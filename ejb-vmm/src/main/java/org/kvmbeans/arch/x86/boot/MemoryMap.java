package org.kvmbeans.arch.x86.boot;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.arch.x86.PcLayout;

/** The e820 map: what the guest is told of its address space. Types are those of ACPI 6.5 table 15.6. */
final class MemoryMap {
    static final int RAM = 1;
    static final int RESERVED = 2;

    /**
     * A stretch of one type.
     *
     * @param start first guest-physical address
     * @param lengthBytes its length
     * @param type {@link #RAM} or {@link #RESERVED}
     */
    record Entry(long start, long lengthBytes, int type) {}

    private MemoryMap() {}

    /** The map of a guest with so much RAM, at least 1 MiB; ascending, without overlap, at most seven entries. */
    static List<Entry> forRam(long ramBytes) {
        long low = PcLayout.ramBelowHole(ramBytes);
        long high = PcLayout.ramAbove4Gib(ramBytes);
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(0, PcLayout.EBDA, RAM));
        entries.add(between(PcLayout.EBDA, PcLayout.VIDEO_MEMORY));
        entries.add(between(PcLayout.ACPI_CPU_TABLE, PcLayout.ACPI_TABLES_END));
        if (low > PcLayout.HIGH_MEMORY) {
            entries.add(new Entry(PcLayout.HIGH_MEMORY, low - PcLayout.HIGH_MEMORY, RAM));
        }
        // Linux uses configuration space only where the map or ACPI reserves it.
        entries.add(new Entry(PcLayout.PCI_ECAM, PcLayout.PCI_ECAM_BYTES, RESERVED));
        entries.add(between(PcLayout.KVM_IDENTITY_MAP, PcLayout.KVM_RESERVED_END));
        if (high > 0) {
            entries.add(new Entry(PcLayout.HOLE_END, high, RAM));
        }
        return List.copyOf(entries);
    }

    private static Entry between(long start, long end) {
        return new Entry(start, end - start, RESERVED);
    }
}
