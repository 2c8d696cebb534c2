package org.kvmbeans.arch.x86;

import static org.kvmbeans.arch.x86.acpi.Aml.device;
import static org.kvmbeans.arch.x86.acpi.Aml.eisaId;
import static org.kvmbeans.arch.x86.acpi.Aml.integer;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.name;
import static org.kvmbeans.arch.x86.acpi.Aml.packageOf;
import static org.kvmbeans.arch.x86.acpi.Aml.scope;
import static org.kvmbeans.arch.x86.acpi.AmlResources.fixedMemory;
import static org.kvmbeans.arch.x86.acpi.AmlResources.io;
import static org.kvmbeans.arch.x86.acpi.AmlResources.irq;
import static org.kvmbeans.arch.x86.acpi.AmlResources.template;

import org.kvmbeans.arch.x86.acpi.AcpiTable;

/** The differentiated system description table: soft-off, PCI, and the devices that sit at fixed ports. */
final class Dsdt {
    private static final int REVISION = 2;

    private Dsdt() {}

    static byte[] build(PcConfiguration configuration) {
        byte[] sleepType = integer(PcLayout.S5_SLEEP_TYPE);
        return new AcpiTable("DSDT", REVISION)
                .raw(name("\\_S5", packageOf(sleepType, sleepType, integer(0), integer(0))))
                .raw(scope("\\_SB", motherboard(), legacyDevices(configuration), PciInterruptLinks.devices()))
                .raw(PciRootBridge.objects(configuration))
                .raw(PciHotplugObjects.objects())
                .toBytes();
    }

    private static byte[] legacyDevices(PcConfiguration configuration) {
        byte[] serial =
                fixedDevice("COM1", "PNP0501", io(PcLayout.COM1_PORT, PcLayout.COM1_PORTS), irq(PcLayout.COM1_IRQ));
        byte[] clock = fixedDevice("RTC", "PNP0B00", io(PcLayout.RTC_PORT, PcLayout.RTC_PORTS), irq(PcLayout.RTC_IRQ));
        byte[] keyboard = configuration.keyboardController()
                ? fixedDevice(
                        "KBD",
                        "PNP0303",
                        io(PcLayout.I8042_DATA_PORT, 1),
                        io(PcLayout.I8042_COMMAND_PORT, 1),
                        irq(PcLayout.I8042_KEYBOARD_IRQ))
                : join();
        return join(serial, clock, keyboard);
    }

    /** What no driver asks for by itself, so that nothing else is put there. */
    private static byte[] motherboard() {
        return fixedDevice(
                "MBRD",
                "PNP0C02",
                fixedMemory(PcLayout.PCI_ECAM, PcLayout.PCI_ECAM_BYTES),
                io(PcLayout.PCI_HOTPLUG_PORT, PcLayout.PCI_HOTPLUG_PORTS),
                io(PcLayout.CPU_HOTPLUG_PORT, PcLayout.CPU_HOTPLUG_PORTS));
    }

    private static byte[] fixedDevice(String name, String id, byte[]... resources) {
        return device(name, name("_HID", eisaId(id)), name("_UID", integer(0)), name("_CRS", template(resources)));
    }
}
