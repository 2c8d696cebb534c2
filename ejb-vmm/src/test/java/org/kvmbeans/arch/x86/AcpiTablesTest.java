package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        assertThat(tables.keySet()).contains("XSDT", "FACP", "APIC", "DSDT", "SSDT", "MCFG");
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
    void theMadtTellsWhichVcpusAreThereAndWhichMayCome() {
        long madt = table(cores(3).withPresentVcpus(Set.of(0, 2)), "APIC");

        assertThat(memory.getInt(madt + 44 + 4)).isEqualTo(1);
        assertThat(memory.getInt(madt + 44 + 8 + 4)).isEqualTo(2);
        assertThat(memory.getInt(madt + 44 + 16 + 4)).isEqualTo(1);
    }

    @Test
    void apicIdsOfTheMadtFollowTheTopology() {
        long madt = table(PcConfiguration.of(new CpuTopology(2, 72, 2)), "APIC");

        long secondSocket = madt + 44 + 144 * 8;
        assertThat(memory.getByte(secondSocket - 8 + 3)).isEqualTo((byte) 143);
        assertThat(memory.getShort(secondSocket)).isEqualTo((short) 0x1009);
        assertThat(memory.getInt(secondSocket + 4)).isEqualTo(256);
        assertThat(memory.getInt(secondSocket + 12)).isEqualTo(144);
        long last = secondSocket + 143 * 16;
        assertThat(memory.getInt(last + 4)).isEqualTo(399);
        assertThat(memory.getInt(last + 12)).isEqualTo(287);
    }

    @Test
    void theMcfgTellsOfBus0() {
        long mcfg = table(cores(1), "MCFG");

        assertThat(memory.getInt(mcfg + 4)).isEqualTo(60);
        assertThat(memory.getLong(mcfg + 44)).isEqualTo(0xE0000000L);
        assertThat(memory.getInt(mcfg + 52)).isZero();
    }

    @Test
    void theFadtTellsOfGeneralPurposeEvents() {
        long fadt = table(cores(1), "FACP");

        assertThat(memory.getInt(fadt + 80)).isEqualTo(PcLayout.GPE0_PORT);
        assertThat(memory.getByte(fadt + 92)).isEqualTo((byte) 4);
        assertThat(memory.getInt(fadt + 220)).isEqualTo(0x01002001);
        assertThat(memory.getLong(fadt + 224)).isEqualTo(PcLayout.GPE0_PORT);
    }

    @Test
    void neighbouringSlotsShareNoInterruptLine() {
        for (int slot = 1; slot <= PcLayout.PCI_LAST_SLOT; slot++) {
            for (int pin = 0; pin < 4; pin++) {
                assertThat(PcLayout.pciIntxGsi(slot, pin)).isBetween(16, 23);
            }
            assertThat(PcLayout.pciIntxGsi(slot, 0)).isNotEqualTo(PcLayout.pciIntxGsi(slot - 1, 0));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1024,1", "1024,1,1", "4,128,2", "2,72,2"})
    void tablesOfUpTo1024VcpusFitBelow1Mib(int sockets, int cores, int threads) {
        long rsdp = AcpiTables.write(memory, PcConfiguration.of(new CpuTopology(sockets, cores, threads)));

        tables(rsdp)
                .forEach((name, address) -> assertThat(sum(address, memory.getInt(address + 4)))
                        .as(name)
                        .isZero());
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
