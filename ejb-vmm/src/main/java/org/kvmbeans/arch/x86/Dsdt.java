package org.kvmbeans.arch.x86;

import org.kvmbeans.arch.x86.acpi.AcpiTable;
import org.kvmbeans.arch.x86.acpi.Aml;
import org.kvmbeans.arch.x86.acpi.AmlResources;

/** The differentiated system description table: soft-off, and the devices that sit at fixed ports. */
final class Dsdt {
    private static final int REVISION = 2;

    private Dsdt() {}

    static byte[] build(PcConfiguration configuration) {
        byte[] sleepType = Aml.integer(PcLayout.S5_SLEEP_TYPE);
        byte[] softOff = Aml.name("\\_S5_", Aml.packageOf(sleepType, sleepType, Aml.integer(0), Aml.integer(0)));
        byte[] serial = device(
                "COM1",
                "PNP0501",
                AmlResources.io(PcLayout.COM1_PORT, PcLayout.COM1_PORTS),
                AmlResources.irq(PcLayout.COM1_IRQ));
        byte[] clock = device(
                "RTC_",
                "PNP0B00",
                AmlResources.io(PcLayout.RTC_PORT, PcLayout.RTC_PORTS),
                AmlResources.irq(PcLayout.RTC_IRQ));
        byte[] keyboard = configuration.keyboardController()
                ? device(
                        "KBD_",
                        "PNP0303",
                        AmlResources.io(PcLayout.I8042_DATA_PORT, 1),
                        AmlResources.io(PcLayout.I8042_COMMAND_PORT, 1),
                        AmlResources.irq(PcLayout.I8042_KEYBOARD_IRQ))
                : new byte[0];
        return new AcpiTable("DSDT", REVISION)
                .raw(softOff)
                .raw(Aml.scope("\\_SB_", serial, clock, keyboard))
                .toBytes();
    }

    private static byte[] device(String name, String id, byte[]... resources) {
        return Aml.device(
                name,
                Aml.name("_HID", Aml.eisaId(id)),
                Aml.name("_UID", Aml.integer(0)),
                Aml.name("_CRS", AmlResources.template(resources)));
    }
}
