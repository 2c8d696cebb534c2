package org.kvmbeans.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the code has written down of KVM's binary interface is what the headers on this machine say. */
class KvmLayoutTest {
    private static final Path SOURCE = Path.of("src", "test", "c", "kvm_layout.c");

    @TempDir
    static Path folder;

    private static Map<String, Long> header = Map.of();

    @BeforeAll
    static void askTheCompiler() throws Exception {
        Path program = folder.resolve("kvm_layout");
        run("gcc", "-Wall", "-Werror", "-o", program.toString(), SOURCE.toString());
        Map<String, Long> values = new TreeMap<>();
        for (String line : run(program.toString()).lines().toList()) {
            int equals = line.indexOf('=');
            values.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
        }
        header = values;
    }

    @Test
    void requestNumbersAreTheHeaders() throws Exception {
        for (Field field : KvmIoctl.class.getDeclaredFields()) {
            if (field.getType() == long.class) {
                assertIs(field.getName(), field.getLong(null));
            }
        }
    }

    @Test
    void runStructureOffsetsAreTheHeaders() throws Exception {
        for (Map.Entry<String, Long> entry : header.entrySet()) {
            if (entry.getKey().startsWith("KvmRun.")) {
                Field field = KvmRun.class.getDeclaredField(entry.getKey().substring("KvmRun.".length()));
                assertThat(field.getLong(null)).as(entry.getKey()).isEqualTo(entry.getValue());
            }
        }
    }

    @Test
    void interruptAndEventStructuresAreTheHeaders() throws Exception {
        int compared = 0;
        for (Class<?> owner : List.of(KvmEvents.class, GsiRouting.class, KvmVm.class)) {
            String prefix = owner.getSimpleName() + ".";
            for (Map.Entry<String, Long> entry : header.entrySet()) {
                if (entry.getKey().startsWith(prefix)) {
                    Field field = owner.getDeclaredField(entry.getKey().substring(prefix.length()));
                    assertThat(field.getLong(null)).as(entry.getKey()).isEqualTo(entry.getValue());
                    compared++;
                }
            }
        }
        assertThat(compared).isEqualTo(40);
    }

    @Test
    void registerOffsetsAreTheHeaders() {
        for (Register register : Register.values()) {
            assertIs("Register." + register, register.offset());
        }
        for (SegmentRegister register : SegmentRegister.values()) {
            assertIs("SegmentRegister." + register, register.offset());
        }
        for (ControlRegister register : ControlRegister.values()) {
            assertIs("ControlRegister." + register, register.offset());
        }
        for (DescriptorTable table : DescriptorTable.values()) {
            assertIs("DescriptorTable." + table, table.offset());
        }
        assertIs("Registers.BYTES", Registers.BYTES);
        assertIs("SpecialRegisters.BYTES", SpecialRegisters.BYTES);
        assertIs("Segment.BYTES", Segment.BYTES);
        assertIs("CpuidEntry.BYTES", CpuidEntry.BYTES);
        assertIs("Msr.BYTES", Msr.BYTES);
    }

    @Test
    void segmentFieldsLieWhereTheHeaderPutsThem() {
        ByteBuffer buffer = ByteBuffer.allocate(Segment.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        new Segment(0, 0x1122_3344, 0x5566, 0x77, 1, 2, 3, 4, 5).writeTo(buffer, 0);

        assertThat(buffer.getInt(offset("Segment.limit"))).isEqualTo(0x1122_3344);
        assertThat(buffer.getShort(offset("Segment.selector"))).isEqualTo((short) 0x5566);
        assertThat(buffer.get(offset("Segment.type"))).isEqualTo((byte) 0x77);
        assertThat(buffer.get(offset("Segment.dpl"))).isEqualTo((byte) 1);
        assertThat(buffer.get(offset("Segment.db"))).isEqualTo((byte) 2);
        assertThat(buffer.get(offset("Segment.codeOrData"))).isEqualTo((byte) 3);
        assertThat(buffer.get(offset("Segment.longMode"))).isEqualTo((byte) 4);
        assertThat(buffer.get(offset("Segment.granularity"))).isEqualTo((byte) 5);
    }

    @Test
    void capabilityNumbersAreTheHeaders() {
        for (Capability capability : Capability.values()) {
            assertIs("KVM_CAP_" + capability, capability.number());
        }
    }

    @Test
    void exitReasonNumbersAreTheHeaders() {
        int compared = 0;
        for (ExitReason reason : ExitReason.values()) {
            Long expected = header.get("KVM_EXIT_" + reason);
            if (expected != null) {
                assertThat(reason.number()).as(reason.name()).isEqualTo(expected.intValue());
                compared++;
            }
        }
        assertThat(compared).isEqualTo(19);
    }

    private static void assertIs(String name, long value) {
        assertThat(header.get(name)).as("%s of the header", name).isNotNull().isEqualTo(value);
    }

    private static int offset(String name) {
        return Math.toIntExact(header.getOrDefault(name, -1L));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command[0]).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
