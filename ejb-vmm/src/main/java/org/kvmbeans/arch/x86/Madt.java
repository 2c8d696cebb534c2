package org.kvmbeans.arch.x86;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.arch.x86.acpi.AcpiTable;

/**
 * The multiple APIC description table (ACPI 6.5, 5.2.12). KVM's default routing takes each ISA interrupt, the timer's too,
 * to the I/O APIC pin of its own number, so only the SCI needs an override: it is level-triggered.
 */
final class Madt {
    /** Flag of an entry: the vCPU is there. */
    static final int ENABLED = 1;

    private static final int REVISION = 5;
    private static final int HAS_PIC = 1;
    /** Flag of an entry: the vCPU is not there, and may come. */
    private static final int ONLINE_CAPABLE = 1 << 1;

    private static final int LOCAL_APIC = 0;
    private static final int LOCAL_APIC_BYTES = 8;
    private static final int IO_APIC = 1;
    private static final int OVERRIDE = 2;
    private static final int LOCAL_APIC_NMI = 4;
    private static final int LOCAL_X2APIC = 9;
    private static final int LOCAL_X2APIC_BYTES = 16;
    private static final int LOCAL_X2APIC_NMI = 10;
    private static final int ACTIVE_HIGH_LEVEL = 0b1101;
    private static final int ALL_PROCESSORS = 0xFF;
    private static final int ALL_X2APIC_PROCESSORS = -1;
    private static final int ISA_BUS = 0;
    private static final int NMI_LINT = 1;

    private Madt() {}

    static byte[] build(PcConfiguration configuration) {
        CpuTopology topology = configuration.topology();
        AcpiTable table = new AcpiTable("APIC", REVISION);
        table.u32(PcLayout.LOCAL_APIC).u32(HAS_PIC);
        for (int index = 0; index < topology.vcpuCount(); index++) {
            int flags = configuration.presentVcpus().contains(index) ? ENABLED : ONLINE_CAPABLE;
            table.raw(localApic(topology, index, flags));
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
        if (topology.needsX2Apic()) {
            table.u8(LOCAL_X2APIC_NMI)
                    .u8(12)
                    .u16(0)
                    .u32(ALL_X2APIC_PROCESSORS)
                    .u8(NMI_LINT)
                    .zeros(3);
        }
        return table.toBytes();
    }

    /**
     * The entry of one vCPU, which its {@code _MAT} gives too: a local APIC, or a local x2APIC where the id needs more than a
     * byte. Its processor UID is the vCPU's index.
     */
    static byte[] localApic(CpuTopology topology, int index, int flags) {
        int apicId = topology.apicId(index);
        // An index never exceeds its APIC id, so it fits wherever the id does.
        boolean small = apicId <= CpuTopology.MAX_XAPIC_ID;
        ByteBuffer entry = ByteBuffer.allocate(small ? LOCAL_APIC_BYTES : LOCAL_X2APIC_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) (small ? LOCAL_APIC : LOCAL_X2APIC));
        entry.put((byte) entry.capacity());
        if (small) {
            entry.put((byte) index).put((byte) apicId).putInt(flags);
        } else {
            entry.putShort((short) 0).putInt(apicId).putInt(flags).putInt(index);
        }
        return entry.array();
    }
}
