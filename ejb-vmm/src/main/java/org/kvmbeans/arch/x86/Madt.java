package org.kvmbeans.arch.x86;

import org.kvmbeans.arch.x86.acpi.AcpiTable;

/**
 * The multiple APIC description table (ACPI 6.5, 5.2.12). KVM's default routing takes each ISA interrupt, the timer's too,
 * to the I/O APIC pin of its own number, so only the SCI needs an override: it is level-triggered.
 */
final class Madt {
    /** The largest APIC id of a local APIC entry; 255 addresses all. */
    static final int MAX_XAPIC_ID = 254;

    private static final int REVISION = 5;
    private static final int HAS_PIC = 1;
    private static final int ENABLED = 1;
    private static final int LOCAL_APIC = 0;
    private static final int IO_APIC = 1;
    private static final int OVERRIDE = 2;
    private static final int LOCAL_APIC_NMI = 4;
    private static final int LOCAL_X2APIC = 9;
    private static final int LOCAL_X2APIC_NMI = 10;
    private static final int ACTIVE_HIGH_LEVEL = 0b1101;
    private static final int ALL_PROCESSORS = 0xFF;
    private static final int ALL_X2APIC_PROCESSORS = -1;
    private static final int ISA_BUS = 0;
    private static final int NMI_LINT = 1;

    private Madt() {}

    static byte[] build(PcConfiguration configuration) {
        AcpiTable table = new AcpiTable("APIC", REVISION);
        table.u32(PcLayout.LOCAL_APIC).u32(HAS_PIC);
        for (int id = 0; id < configuration.vcpuCount(); id++) {
            if (id <= MAX_XAPIC_ID) {
                table.u8(LOCAL_APIC).u8(8).u8(id).u8(id).u32(ENABLED);
            } else {
                table.u8(LOCAL_X2APIC).u8(16).u16(0).u32(id).u32(ENABLED).u32(id);
            }
        }
        table.u8(IO_APIC)
                .u8(12)
                .u8(PcLayout.IOAPIC_ID)
                .u8(0)
                .u32(PcLayout.IOAPIC)
                .u32(0);
        table.u8(OVERRIDE).u8(10).u8(ISA_BUS).u8(PcLayout.SCI_IRQ).u32(PcLayout.SCI_IRQ);
        table.u16(ACTIVE_HIGH_LEVEL);
        table.u8(LOCAL_APIC_NMI).u8(6).u8(ALL_PROCESSORS).u16(0).u8(NMI_LINT);
        if (configuration.vcpuCount() > MAX_XAPIC_ID + 1) {
            table.u8(LOCAL_X2APIC_NMI)
                    .u8(12)
                    .u16(0)
                    .u32(ALL_X2APIC_PROCESSORS)
                    .u8(NMI_LINT)
                    .zeros(3);
        }
        return table.toBytes();
    }
}
