package org.kvmbeans.bus.pci;

import java.util.List;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.InterruptLine;

/**
 * Where a function is plugged in.
 *
 * @param number 0 to 31: the device number on bus 0
 * @param memory the bus of memory-mapped I/O
 * @param ports the bus of I/O ports
 * @param windows the addresses where BARs may lie
 * @param gsi the global system interrupt of INTA
 * @param interrupt the wire of INTA; several slots may share it
 */
public record PciSlot(
        int number, AddressBus memory, AddressBus ports, List<PciWindow> windows, int gsi, InterruptLine interrupt) {
    AddressBus bus(PciWindow.Kind kind) {
        return kind == PciWindow.Kind.IO ? ports : memory;
    }

    boolean forwards(PciWindow.Kind kind, long address, long bytes) {
        return windows.stream().anyMatch(window -> window.kind() == kind && window.contains(address, bytes));
    }
}
