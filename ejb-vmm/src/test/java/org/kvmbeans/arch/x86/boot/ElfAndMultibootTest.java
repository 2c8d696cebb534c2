package org.kvmbeans.arch.x86.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;

class ElfAndMultibootTest {
    @TempDir
    Path folder;

    private static final long INFO = PcLayout.START_INFO;
    private static final long ENTRY = TestImages.LINK_ADDRESS + TestImages.ENTRY_OFFSET;

    @Test
    void entersPvhKernelsAtTheAddressOfTheirNote() {
        try (BootFixture guest = new BootFixture(folder, 16 * BootFixture.MIB)) {
            guest.memory.putByte(TestImages.LINK_ADDRESS + TestImages.SEGMENT_MEMORY_BYTES - 1, (byte) 1);
            CpuEntry entry = guest.boot(TestImages.pvhElf64());

            assertThat(entry).isEqualTo(CpuEntry.protectedMode(ENTRY, 0, INFO));
            assertThat(guest.memory.getByte(ENTRY)).isEqualTo(TestImages.FILL);
            assertThat(guest.u8(TestImages.LINK_ADDRESS + TestImages.SEGMENT_MEMORY_BYTES - 1))
                    .isZero();
        }
    }

    @Test
    void tellsPvhKernelsOfInitrdCommandLineMemoryAndAcpi() {
        try (BootFixture guest = new BootFixture(folder, 16 * BootFixture.MIB)) {
            guest.initrd(100).commandLine("a=b").boot(TestImages.pvhElf64());

            assertThat(guest.u32(INFO)).isEqualTo(0x336EC578);
            assertThat(guest.u32(INFO + 4)).isEqualTo(1);
            assertThat(guest.u32(INFO + 12)).isEqualTo(1);
            long module = guest.memory.getLong(INFO + 16);
            assertThat(guest.memory.getLong(module)).isEqualTo(16 * BootFixture.MIB - 4096);
            assertThat(guest.memory.getLong(module + 8)).isEqualTo(100);
            assertThat(guest.text(guest.memory.getLong(INFO + 24))).isEqualTo("a=b");
            assertThat(guest.memory.getLong(INFO + 32)).isEqualTo(PcLayout.ACPI_TABLES);
            List<MemoryMap.Entry> map = MemoryMap.forRam(16 * BootFixture.MIB);
            assertThat(guest.u32(INFO + 48)).isEqualTo(map.size());
            long last = guest.memory.getLong(INFO + 40) + 24L * (map.size() - 1);
            assertThat(guest.memory.getLong(last))
                    .isEqualTo(map.get(map.size() - 1).start());
        }
    }

    @Test
    void entersMultibootElfAtItsEntryPoint() {
        try (BootFixture guest = new BootFixture(folder, 2 * BootFixture.MIB)) {
            CpuEntry entry = guest.initrd(100).commandLine("a=b").boot(TestImages.multibootElf32());

            assertThat(entry).isEqualTo(CpuEntry.protectedMode(ENTRY, 0x2BADB002, INFO));
            assertThat(guest.u32(INFO + 4)).isEqualTo(639);
            assertThat(guest.u32(INFO + 8)).isEqualTo(1024);
            assertThat(guest.text(guest.u32(INFO + 16))).isEqualTo("a=b");
            assertThat(guest.u32(INFO + 20)).isEqualTo(1);
            long module = guest.u32(INFO + 24);
            assertThat(guest.u32(module + 4) - guest.u32(module)).isEqualTo(100);
            assertThat(guest.u32(INFO + 44))
                    .isEqualTo(24L * MemoryMap.forRam(2 * BootFixture.MIB).size());
            assertThat(guest.u32(guest.u32(INFO + 48))).isEqualTo(20);
        }
    }

    @Test
    void loadsMultibootImagesByTheirOwnAddresses() {
        try (BootFixture guest = new BootFixture(folder, 2 * BootFixture.MIB)) {
            guest.memory.putByte(TestImages.LINK_ADDRESS + TestImages.SEGMENT_MEMORY_BYTES - 1, (byte) 1);
            CpuEntry entry = guest.boot(TestImages.multibootFlat());

            assertThat(entry.instructionPointer()).isEqualTo(ENTRY);
            assertThat(guest.memory.getInt(TestImages.LINK_ADDRESS + 16)).isEqualTo(0x1BADB002);
            assertThat(guest.u8(TestImages.LINK_ADDRESS + TestImages.SEGMENT_MEMORY_BYTES - 1))
                    .isZero();
        }
    }

    @Test
    void bootsALowKernelIn1MibOfRam() {
        ByteBuffer image = TestImages.multibootElf32();
        image.putInt(24, 0x30000).putInt(60, 0x30000).putInt(64, 0x30000);
        try (BootFixture guest = new BootFixture(folder, BootFixture.MIB)) {
            assertThat(guest.boot(image).instructionPointer()).isEqualTo(0x30000);
        }
    }

    @Test
    void refusesElfForOtherProcessors() {
        ByteBuffer arm64 = TestImages.pvhElf64();
        arm64.putShort(18, (short) 183);
        assertRefused(arm64, "ELF file for ARM64");
        ByteBuffer arm = TestImages.multibootElf32();
        arm.putShort(18, (short) 40);
        assertRefused(arm, "ELF file for ARM;");
    }

    @Test
    void refusesElfWithoutNoteAndHeader() {
        assertRefused(TestImages.elf64(1), "neither a PVH note");
    }

    @Test
    void refusesSegmentsOutsideRam() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putLong(64 + 40, Long.MAX_VALUE);
        assertRefused(image, "RAM ends at 0x1000000");
        image.putLong(64 + 40, -1);
        assertRefused(image, "RAM ends at 0x1000000");
    }

    @Test
    void refusesSegmentsOverTheBootInformation() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putLong(64 + 24, 0x6000);
        image.putInt(0x210, 0x6000);
        assertRefused(image, "where the boot information is");
    }

    @Test
    void refusesSegmentsOverFirmware() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putLong(64 + 24, 0xE0000);
        image.putInt(0x210, 0xE0000);
        assertRefused(image, "video memory and firmware");
    }

    @Test
    void refusesAnEntryPointThatNoSegmentLoads() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putInt(0x210, 0x5000);
        assertRefused(image, "entry point at 0x5000");
    }

    @Test
    void refusesSegmentsBeyondTheFile() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putLong(64 + 32, TestImages.SEGMENT_BYTES + 1);
        assertRefused(image, "truncated");
        image.putLong(64 + 8, Long.MAX_VALUE);
        assertRefused(image, "truncated");
    }

    @Test
    void refusesMoreProgramHeadersThanAKernelHas() {
        ByteBuffer image = TestImages.pvhElf64();
        image.putShort(56, (short) 0xFFFF);
        assertRefused(image, "65535 program headers");
    }

    @Test
    void refusesMultibootFeaturesThatAreNotThere() {
        ByteBuffer image = TestImages.multibootElf32();
        TestImages.multibootHeader(image, TestImages.SEGMENT_OFFSET, 4);
        assertRefused(image, "Multiboot flags 0x4");
    }

    @Test
    void refusesMultibootAddressesThatContradictEachOther() {
        ByteBuffer image = TestImages.multibootFlat();
        image.putInt(32, (int) TestImages.LINK_ADDRESS + 32);
        assertRefused(image, "contradict");
    }

    private void assertRefused(ByteBuffer image, String reason) {
        try (BootFixture guest = new BootFixture(folder, 16 * BootFixture.MIB)) {
            assertThatThrownBy(() -> guest.boot(image))
                    .isInstanceOf(BootException.class)
                    .hasMessageContaining(guest.kernelFile(image).toString())
                    .hasMessageContaining(reason);
        }
    }
}
