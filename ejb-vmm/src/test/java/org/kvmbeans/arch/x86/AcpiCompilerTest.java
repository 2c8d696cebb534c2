package org.kvmbeans.arch.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;

/** ACPICA's compiler {@code iasl} takes every table apart and puts it together again. Needs acpica-tools. */
class AcpiCompilerTest {
    private static final PciWindow WINDOW_64 = new PciWindow(1L << 38, 1L << 36);

    @ParameterizedTest(name = "{0} sockets, {1} cores, {2} threads")
    @CsvSource({"1,1,1", "1,4,2", "2,72,2"})
    void findsNothingToComplainOf(int sockets, int cores, int threads, @TempDir Path folder) throws Exception {
        PcConfiguration configuration = PcConfiguration.of(new CpuTopology(sockets, cores, threads))
                .withPresentVcpus(1)
                .withKeyboardController()
                .withPciWindow64(WINDOW_64);
        for (Map.Entry<String, byte[]> table : tables(configuration).entrySet()) {
            String name = table.getKey();
            Files.write(folder.resolve(name + ".aml"), table.getValue());

            String taken = iasl(folder, "-d", name + ".aml");
            assertThat(taken)
                    .as(name)
                    .containsPattern("ASL Output|Formatted output")
                    .doesNotContainIgnoringCase("error", "warning", "invalid");
            assertThat(Files.readString(folder.resolve(name + ".dsl"), StandardCharsets.ISO_8859_1))
                    .as(name)
                    .doesNotContain("Invalid", "Unknown", "/* Warning", "Incorrect checksum");
            assertThat(iasl(folder, "-p", name + "-again", name + ".dsl"))
                    .as(name)
                    .doesNotContain("Error ", "Warning ");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"DSDT", "SSDT"})
    void makesTheSameBytesOfItsOwnReading(String name, @TempDir Path folder) throws Exception {
        byte[] table = tables(PcConfiguration.of(new CpuTopology(1, 2, 2)).withPciWindow64(WINDOW_64))
                .getOrDefault(name, new byte[0]);
        Files.write(folder.resolve(name + ".aml"), table);
        iasl(folder, "-d", name + ".aml");
        // Without folding of constants, which would write them in another way.
        iasl(folder, "-oa", "-p", "again", name + ".dsl");

        byte[] again = Files.readAllBytes(folder.resolve("again.aml"));
        assertThat(withoutHeader(again)).isEqualTo(withoutHeader(table));
    }

    /** Compiler names and checksums differ. */
    private static byte[] withoutHeader(byte[] table) {
        byte[] terms = new byte[table.length - 36];
        System.arraycopy(table, 36, terms, 0, terms.length);
        return terms;
    }

    private static Map<String, byte[]> tables(PcConfiguration configuration) {
        try (GuestMemory memory = GuestMemory.allocate(new JnaPosix(), "acpi-test", 1 << 20)) {
            Map<String, byte[]> tables = new TreeMap<>();
            long rsdp = AcpiTables.write(memory, configuration);
            long xsdt = memory.getLong(rsdp + 24);
            for (long at = xsdt + 36; at < xsdt + memory.getInt(xsdt + 4); at += 8) {
                add(tables, memory, memory.getLong(at));
            }
            add(tables, memory, xsdt);
            byte[] fadt = tables.getOrDefault("FACP", new byte[0]);
            long dsdt = 0;
            for (int i = 7; i >= 0; i--) {
                dsdt = dsdt << 8 | (fadt[140 + i] & 0xFF);
            }
            add(tables, memory, dsdt);
            assertThat(tables).containsOnlyKeys("APIC", "DSDT", "FACP", "MCFG", "SSDT", "XSDT");
            return tables;
        }
    }

    private static void add(Map<String, byte[]> tables, GuestMemory memory, long address) {
        byte[] table = new byte[memory.getInt(address + 4)];
        memory.read(address, table, 0, table.length);
        tables.put(new String(table, 0, 4, StandardCharsets.US_ASCII), table);
    }

    private static String iasl(Path folder, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("iasl").directory(folder.toFile());
        builder.command().addAll(List.of(arguments));
        Path output = folder.resolve("output");
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("iasl does not come to an end");
        }
        String said = Files.readString(output, StandardCharsets.ISO_8859_1);
        assertThat(process.exitValue()).as("%s", said).isZero();
        return said;
    }
}
