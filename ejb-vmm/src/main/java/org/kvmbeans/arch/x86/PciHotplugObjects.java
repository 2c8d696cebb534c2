package org.kvmbeans.arch.x86;

import static org.kvmbeans.arch.x86.acpi.Aml.bits;
import static org.kvmbeans.arch.x86.acpi.Aml.device;
import static org.kvmbeans.arch.x86.acpi.Aml.field;
import static org.kvmbeans.arch.x86.acpi.Aml.integer;
import static org.kvmbeans.arch.x86.acpi.Aml.ioRegion;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.method;
import static org.kvmbeans.arch.x86.acpi.Aml.name;
import static org.kvmbeans.arch.x86.acpi.Aml.object;
import static org.kvmbeans.arch.x86.acpi.Aml.scope;
import static org.kvmbeans.arch.x86.acpi.Aml.serializedMethod;
import static org.kvmbeans.arch.x86.acpi.AmlCode.and;
import static org.kvmbeans.arch.x86.acpi.AmlCode.call;
import static org.kvmbeans.arch.x86.acpi.AmlCode.local;
import static org.kvmbeans.arch.x86.acpi.AmlCode.notifyDevice;
import static org.kvmbeans.arch.x86.acpi.AmlCode.store;
import static org.kvmbeans.arch.x86.acpi.AmlCode.when;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.arch.x86.acpi.Aml.Access;
import org.kvmbeans.arch.x86.acpi.Aml.Update;

/**
 * Hot plug of PCI devices as ACPI does it: an object for each slot of bus 0 that a device can be ejected from, and the method
 * of the general-purpose event that asks the registers which slots have news.
 */
final class PciHotplugObjects {
    static final int DEVICE_CHECK = 1;
    static final int EJECT_REQUEST = 3;

    private PciHotplugObjects() {}

    static byte[] objects() {
        List<byte[]> slots = new ArrayList<>();
        for (int slot = 1; slot <= PcLayout.PCI_LAST_SLOT; slot++) {
            slots.add(slot(slot));
        }
        return join(
                scope("\\_SB.PCI0", registers(), join(slots.toArray(byte[][]::new)), scan()),
                scope("\\_GPE", method(String.format("_E%02X", PcLayout.PCI_HOTPLUG_GPE), 0, call("\\_SB.PCI0.SCAN"))));
    }

    private static byte[] registers() {
        return join(
                ioRegion("HPRG", PcLayout.PCI_HOTPLUG_PORT, PcLayout.PCI_HOTPLUG_PORTS),
                field(
                        "HPRG",
                        Access.DWORD,
                        Update.WRITE_AS_ZEROS,
                        bits("ADDD", Integer.SIZE),
                        bits("RMVL", Integer.SIZE),
                        bits("EJCT", Integer.SIZE)));
    }

    private static byte[] slot(int slot) {
        return device(
                slotName(slot),
                name("_ADR", integer((long) slot << 16)),
                name("_SUN", integer(slot)),
                method("_EJ0", 1, store(integer(1L << slot), object("EJCT"))));
    }

    /** Acknowledges what it has read before it tells of it, so that news that come meanwhile raise another event. */
    private static byte[] scan() {
        List<byte[]> terms = new ArrayList<>(List.of(
                store(object("ADDD"), local(0)),
                store(local(0), object("ADDD")),
                store(object("RMVL"), local(1)),
                store(local(1), object("RMVL"))));
        for (int slot = 1; slot <= PcLayout.PCI_LAST_SLOT; slot++) {
            byte[] bit = integer(1L << slot);
            terms.add(when(and(local(0), bit), notifyDevice(slotName(slot), integer(DEVICE_CHECK))));
            terms.add(when(and(local(1), bit), notifyDevice(slotName(slot), integer(EJECT_REQUEST))));
        }
        return serializedMethod("SCAN", 0, terms.toArray(byte[][]::new));
    }

    private static String slotName(int slot) {
        return String.format("SL%02d", slot);
    }
}
