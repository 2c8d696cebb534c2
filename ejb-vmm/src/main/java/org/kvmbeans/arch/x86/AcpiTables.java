package org.kvmbeans.arch.x86;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.acpi.AcpiTable;
import org.kvmbeans.memory.GuestMemory;

/**
 * Puts the machine's ACPI tables into guest memory, where firmware would be: from {@link PcLayout#ACPI_TABLES} on, the table
 * of vCPU objects from {@link PcLayout#ACPI_CPU_TABLE} on.
 */
public final class AcpiTables {
    private static final int RSDP_BYTES = 36;
    private static final int RSDP_REVISION = 2;
    private static final int RSDP_V1_BYTES = 20;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_EXTENDED_CHECKSUM = 32;
    private static final int XSDT_REVISION = 1;
    private static final int MCFG_REVISION = 1;
    private static final int ALIGNMENT = 64;
    private static final int FACS_BYTES = 64;
    private static final int FACS_VERSION = 2;

    /** Machines of one shape, of which a host has many, have the same tables, and building them takes longer than a start. */
    private static volatile @Nullable AcpiTables latest;

    private final PcConfiguration configuration;
    /** By guest-physical address. */
    private final Map<Long, byte[]> placed = new TreeMap<>();

    private long next = PcLayout.ACPI_TABLES + ALIGNMENT;

    private AcpiTables(PcConfiguration configuration) {
        this.configuration = configuration;
        long facs = place(facs());
        long dsdt = place(Dsdt.build(configuration));
        List<Long> listed = new ArrayList<>();
        listed.add(place(Fadt.build(configuration, facs, dsdt)));
        listed.add(placeAt(PcLayout.ACPI_CPU_TABLE, CpuObjects.table(configuration), PcLayout.ACPI_TABLES));
        listed.add(place(Madt.build(configuration)));
        listed.add(place(mcfg()));
        AcpiTable xsdt = new AcpiTable("XSDT", XSDT_REVISION);
        listed.forEach(xsdt::u64);
        byte[] rsdp = rsdp(place(xsdt.toBytes()));
        placeAt(PcLayout.ACPI_TABLES, rsdp, PcLayout.ACPI_TABLES + ALIGNMENT);
    }

    /**
     * Writes RSDP, XSDT, FADT, FACS, DSDT, SSDT, MADT and MCFG.
     *
     * @return guest-physical address of the RSDP
     * @throws IllegalArgumentException where there are more vCPUs than tables have room for, which is true of no topology
     *     of up to 1,024
     */
    public static long write(GuestMemory memory, PcConfiguration configuration) {
        AcpiTables tables = latest;
        if (tables == null || !tables.configuration.equals(configuration)) {
            tables = new AcpiTables(configuration);
            latest = tables;
        }
        tables.placed.forEach((address, table) -> memory.write(address, table, 0, table.length));
        // Without these two words kernels guess where conventional memory ends.
        memory.putShort(PcLayout.BIOS_DATA_AREA + 0x0E, (short) (PcLayout.EBDA >>> 4));
        memory.putShort(PcLayout.BIOS_DATA_AREA + 0x13, (short) (PcLayout.EBDA >>> 10));
        return PcLayout.ACPI_TABLES;
    }

    private long place(byte[] table) {
        long address = placeAt(next, table, PcLayout.ACPI_TABLES_END);
        next = (address + table.length + ALIGNMENT - 1) & -ALIGNMENT;
        return address;
    }

    private long placeAt(long address, byte[] table, long end) {
        if (table.length > end - address) {
            throw new IllegalArgumentException("the ACPI tables have no room below 1 MiB: too many vCPUs");
        }
        placed.put(address, table);
        return address;
    }

    /** Where PCI Express configuration space is (PCI firmware specification 3.3, 4.1.2): segment 0, bus 0 alone. */
    private static byte[] mcfg() {
        return new AcpiTable("MCFG", MCFG_REVISION)
                .zeros(8)
                .u64(PcLayout.PCI_ECAM)
                .u16(0)
                .u8(0)
                .u8(0)
                .zeros(4)
                .toBytes();
    }

    /** The firmware control structure (5.2.10): no header of the common kind, no checksum. */
    private static byte[] facs() {
        byte[] facs = new byte[FACS_BYTES];
        byte[] signature = "FACS".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(signature, 0, facs, 0, signature.length);
        facs[4] = FACS_BYTES;
        facs[32] = FACS_VERSION;
        return facs;
    }

    /** The root pointer (5.2.5.3). */
    private static byte[] rsdp(long xsdt) {
        byte[] rsdp = new byte[RSDP_BYTES];
        byte[] start = "RSD PTR \0KVMBNS".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(start, 0, rsdp, 0, start.length);
        rsdp[15] = RSDP_REVISION;
        rsdp[20] = RSDP_BYTES;
        for (int i = 0; i < Long.BYTES; i++) {
            rsdp[24 + i] = (byte) (xsdt >>> (i * Byte.SIZE));
        }
        rsdp[RSDP_CHECKSUM] = AcpiTable.checksum(rsdp, 0, RSDP_V1_BYTES);
        rsdp[RSDP_EXTENDED_CHECKSUM] = AcpiTable.checksum(rsdp, 0, RSDP_BYTES);
        return rsdp;
    }
}
