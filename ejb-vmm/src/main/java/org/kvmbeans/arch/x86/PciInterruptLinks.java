package org.kvmbeans.arch.x86;

import static org.kvmbeans.arch.x86.acpi.Aml.device;
import static org.kvmbeans.arch.x86.acpi.Aml.eisaId;
import static org.kvmbeans.arch.x86.acpi.Aml.integer;
import static org.kvmbeans.arch.x86.acpi.Aml.join;
import static org.kvmbeans.arch.x86.acpi.Aml.method;
import static org.kvmbeans.arch.x86.acpi.Aml.name;
import static org.kvmbeans.arch.x86.acpi.Aml.object;
import static org.kvmbeans.arch.x86.acpi.Aml.packageOf;
import static org.kvmbeans.arch.x86.acpi.AmlResources.sharedLevelInterrupt;
import static org.kvmbeans.arch.x86.acpi.AmlResources.template;

import java.util.ArrayList;
import java.util.List;

/**
 * The lines that PCI interrupt pins are wired to, each as a link device, though none can be changed: a {@code _PRT} that
 * names lines by number would say that they are active low (ACPI 6.5, 6.2.13).
 */
final class PciInterruptLinks {
    private static final int PINS = 4;
    private static final int ALL_FUNCTIONS = 0xFFFF;

    private PciInterruptLinks() {}

    static byte[] devices() {
        List<byte[]> links = new ArrayList<>();
        for (int gsi = PcLayout.PCI_INTX_GSI; gsi < PcLayout.PCI_INTX_GSI + PcLayout.PCI_INTX_GSIS; gsi++) {
            byte[] line = template(sharedLevelInterrupt(gsi));
            links.add(device(
                    linkName(gsi),
                    name("_HID", eisaId("PNP0C0F")),
                    name("_UID", integer(gsi)),
                    name("_PRS", line),
                    name("_CRS", line),
                    method("_SRS", 1)));
        }
        return join(links.toArray(byte[][]::new));
    }

    /** {@code _PRT}: for each slot but the host bridge's, and each of the four pins, its line. */
    static byte[] routingTable() {
        List<byte[]> routes = new ArrayList<>();
        for (int slot = 1; slot <= PcLayout.PCI_LAST_SLOT; slot++) {
            for (int pin = 0; pin < PINS; pin++) {
                routes.add(packageOf(
                        integer((long) slot << 16 | ALL_FUNCTIONS),
                        integer(pin),
                        object(linkName(PcLayout.pciIntxGsi(slot, pin))),
                        integer(0)));
            }
        }
        return name("_PRT", packageOf(routes.toArray(byte[][]::new)));
    }

    private static String linkName(int gsi) {
        return "LNK" + (char) ('A' + gsi - PcLayout.PCI_INTX_GSI);
    }
}
