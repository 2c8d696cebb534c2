package org.kvmbeans.arch.x86;

import static org.kvmbeans.arch.x86.acpi.Aml.device;
import static org.kvmbeans.arch.x86.acpi.Aml.eisaId;
import static org.kvmbeans.arch.x86.acpi.Aml.integer;
import static org.kvmbeans.arch.x86.acpi.Aml.name;
import static org.kvmbeans.arch.x86.acpi.Aml.object;
import static org.kvmbeans.arch.x86.acpi.Aml.scope;
import static org.kvmbeans.arch.x86.acpi.Aml.serializedMethod;
import static org.kvmbeans.arch.x86.acpi.Aml.uuid;
import static org.kvmbeans.arch.x86.acpi.AmlCode.and;
import static org.kvmbeans.arch.x86.acpi.AmlCode.argument;
import static org.kvmbeans.arch.x86.acpi.AmlCode.createDwordField;
import static org.kvmbeans.arch.x86.acpi.AmlCode.equal;
import static org.kvmbeans.arch.x86.acpi.AmlCode.local;
import static org.kvmbeans.arch.x86.acpi.AmlCode.not;
import static org.kvmbeans.arch.x86.acpi.AmlCode.or;
import static org.kvmbeans.arch.x86.acpi.AmlCode.otherwise;
import static org.kvmbeans.arch.x86.acpi.AmlCode.returns;
import static org.kvmbeans.arch.x86.acpi.AmlCode.store;
import static org.kvmbeans.arch.x86.acpi.AmlCode.when;
import static org.kvmbeans.arch.x86.acpi.AmlResources.busNumbers;
import static org.kvmbeans.arch.x86.acpi.AmlResources.io;
import static org.kvmbeans.arch.x86.acpi.AmlResources.ioWindow;
import static org.kvmbeans.arch.x86.acpi.AmlResources.memoryWindow32;
import static org.kvmbeans.arch.x86.acpi.AmlResources.memoryWindow64;
import static org.kvmbeans.arch.x86.acpi.AmlResources.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code \_SB.PCI0}: the bridge to bus 0, the only one, with what the bridge hands on and where interrupts go. */
final class PciRootBridge {
    private static final int LAST_PORT = 0xFFFF;

    /** PCI firmware specification 3.3, 4.5.1. */
    private static final String OSC_UUID = "33DB4D5B-1FF7-401C-9657-7441C03DD766";

    private static final int OSC_REVISION = 1;
    private static final int OSC_UNKNOWN_UUID = 1 << 2;
    private static final int OSC_UNKNOWN_REVISION = 1 << 3;
    private static final int OSC_CAPABILITIES_MASKED = 1 << 4;
    /**
     * What the operating system may control itself: PCI Express capability structures. Hot plug is ACPI's, and of power
     * management events and error reports there are none.
     */
    private static final int OSC_GRANTED = 1 << 4;

    private PciRootBridge() {}

    static byte[] objects(PcConfiguration configuration) {
        return scope(
                "\\_SB",
                device(
                        "PCI0",
                        name("_HID", eisaId("PNP0A08")),
                        name("_CID", eisaId("PNP0A03")),
                        name("_UID", integer(0)),
                        name("_SEG", integer(0)),
                        name("_BBN", integer(0)),
                        name("_CRS", resources(configuration.pciWindow64())),
                        PciInterruptLinks.routingTable(),
                        operatingSystemCapabilities()));
    }

    private static byte[] resources(@Nullable PciWindow window64) {
        PciWindow window32 = PcLayout.PCI_WINDOW_32;
        List<byte[]> ranges = new ArrayList<>(List.of(
                busNumbers(0, 0),
                io(PcLayout.PCI_CONFIG_PORT, PcLayout.PCI_CONFIG_PORTS),
                ioWindow(0, PcLayout.PCI_CONFIG_PORT - 1),
                ioWindow(PcLayout.PCI_CONFIG_PORT + PcLayout.PCI_CONFIG_PORTS, LAST_PORT),
                memoryWindow32(window32.base(), window32.last())));
        if (window64 != null) {
            ranges.add(memoryWindow64(window64.base(), window64.last()));
        }
        return template(ranges.toArray(byte[][]::new));
    }

    /** {@code _OSC} (6.2.11): the UUID, the revision, the count of words, and the words, whose third asks for control. */
    private static byte[] operatingSystemCapabilities() {
        return serializedMethod(
                "_OSC",
                4,
                createDwordField(argument(3), 0, "STAT"),
                when(
                        not(equal(argument(0), uuid(OSC_UUID))),
                        or(object("STAT"), integer(OSC_UNKNOWN_UUID), object("STAT"))),
                otherwise(
                        createDwordField(argument(3), 8, "CTRL"),
                        and(object("CTRL"), integer(OSC_GRANTED), local(0)),
                        when(
                                not(equal(argument(1), integer(OSC_REVISION))),
                                or(object("STAT"), integer(OSC_UNKNOWN_REVISION), object("STAT"))),
                        when(
                                not(equal(object("CTRL"), local(0))),
                                or(object("STAT"), integer(OSC_CAPABILITIES_MASKED), object("STAT"))),
                        store(local(0), object("CTRL"))),
                returns(argument(3)));
    }
}
