package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;

class AcpiTablesTest {
    private final GuestMemory memory = GuestMemory.allocate(new JnaPosix(), "acpi-test", 1 << 20);

    @AfterEach
    void release() {
        memory.close();
    }

    @Test
    void everyTableSumsUpToZero() {
        long rsdp = AcpiTables.write(memory, cores(4).withKeyboardController());

        assertThat(text(rsdp, 8)).isEqualTo("RSD PTR ");
        assertThat(sum(rsdp, 20)).isZero();
        assertThat(sum(rsdp, 36)).isZero();
        Map<String, Long> tables = tables(rsdp);
        assertThat(tables.keySet()).contains("XSDT", "FACP", "APIC", "DSDT");
        tables.forEach((name, address) ->
                assertThat(sum(address, memory.getInt(address + 4))).as(name).isZero());
    }

    @Test
    void theFadtPointsToDsdtAndFacs() {
        long fadt = table(cores(1), "FACP");

        assertThat(memory.getInt(fadt + 4)).isEqualTo(276);
        assertThat(text(memory.getLong(fadt + 140), 4)).isEqualTo("DSDT");
        long facs = memory.getInt(fadt + 36);
        assertThat(text(facs, 4)).isEqualTo("FACS");
        assertThat(facs % 64).isZero();
        assertThat(memory.getInt(facs + 4)).isEqualTo(64);
    }

    @Test
    void theFadtTellsWhereToResetAndPowerOff() {
        long fadt = table(cores(1), "FACP");

        assertThat(memory.getLong(fadt + 120)).isEqualTo(0xCF9);
        assertThat(memory.getByte(fadt + 128)).isEqualTo((byte) 6);
        assertThat(memory.getInt(fadt + 112) & (1 << 10)).isNotZero();
        assertThat(memory.getInt(fadt + 56)).isEqualTo(PcLayout.PM1A_EVENT_PORT);
        assertThat(memory.getInt(fadt + 64)).isEqualTo(PcLayout.PM1A_CONTROL_PORT);
        assertThat(memory.getShort(fadt + 46)).isEqualTo((short) 9);
    }

    @Test
    void theKeyboardControllerIsToldOfOnlyWhereItIsWanted() {
        assertThat(memory.getShort(table(cores(1).withKeyboardController(), "FACP") + 109) & 2)
                .isNotZero();
        assertThat(memory.getInt(table(cores(1).withKeyboardController(), "DSDT") + 4))
                .isGreaterThan(memory.getInt(table(cores(1), "DSDT") + 4));
        assertThat(memory.getShort(table(cores(1), "FACP") + 109) & 2).isZero();
    }

    @Test
    void theMadtListsEachVcpuWithItsIndexAsApicId() {
        long madt = table(cores(3), "APIC");

        for (int id = 0; id < 3; id++) {
            long entry = madt + 44 + 8L * id;
            assertThat(memory.getShort(entry)).isEqualTo((short) 0x0800);
            assertThat(memory.getByte(entry + 2)).isEqualTo((byte) id);
            assertThat(memory.getByte(entry + 3)).isEqualTo((byte) id);
            assertThat(memory.getInt(entry + 4)).isEqualTo(1);
        }
        assertThat(memory.getInt(madt + 44 + 24 + 4)).isEqualTo((int) PcLayout.IOAPIC);
    }

    @Test
    void apicIdsBeyond254GetX2ApicEntries() {
        long madt = table(cores(300), "APIC");

        long first = madt + 44 + 255L * 8;
        assertThat(memory.getShort(first)).isEqualTo((short) 0x1009);
        assertThat(memory.getInt(first + 4)).isEqualTo(255);
        assertThat(memory.getInt(first + 44 * 16L + 4)).isEqualTo(299);
    }

    @Test
    void refusesMoreVcpusThanTheTablesHaveRoomFor() {
        assertThatThrownBy(() -> AcpiTables.write(memory, cores(4096)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too many vCPUs");
    }

    private static PcConfiguration cores(int count) {
        return PcConfiguration.of(CpuTopology.ofCores(count));
    }

    private long table(PcConfiguration configuration, String name) {
        Long address = tables(AcpiTables.write(memory, configuration)).get(name);
        assertThat(address).isNotNull();
        return address == null ? 0 : address;
    }

    /** All tables by signature, found as a guest finds them; of the FACS nothing sums up. */
    private Map<String, Long> tables(long rsdp) {
        Map<String, Long> tables = new HashMap<>();
        long xsdt = memory.getLong(rsdp + 24);
        tables.put("XSDT", xsdt);
        for (long at = xsdt + 36; at < xsdt + memory.getInt(xsdt + 4); at += 8) {
            long address = memory.getLong(at);
            tables.put(text(address, 4), address);
            if (text(address, 4).equals("FACP")) {
                tables.put("DSDT", memory.getLong(address + 140));
            }
        }
        return tables;
    }

    private int sum(long address, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += memory.getByte(address + i);
        }
        return sum & 0xFF;
    }

    private String text(long address, int length) {
        byte[] bytes = new byte[length];
        memory.read(address, bytes, 0, length);
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
