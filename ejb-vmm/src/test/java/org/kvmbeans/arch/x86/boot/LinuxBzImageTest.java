package org.kvmbeans.arch.x86.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;

class LinuxBzImageTest {
    @TempDir
    Path folder;

    private static final long ZERO_PAGE = PcLayout.ZERO_PAGE;

    @Test
    void entersThe64BitEntryPointAtThePreferredAddress() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            CpuEntry entry = guest.boot(TestImages.bzImage());

            assertThat(entry).isEqualTo(CpuEntry.longMode(TestImages.KERNEL_PREFERRED + 0x200, ZERO_PAGE));
            assertThat(guest.memory.getByte(TestImages.KERNEL_PREFERRED)).isEqualTo(TestImages.FILL);
            assertThat(guest.memory.getByte(TestImages.KERNEL_PREFERRED + 4095)).isEqualTo(TestImages.FILL);
        }
    }

    @Test
    void relocatesWhereThePreferredAddressIsBeyondRam() {
        try (BootFixture guest = new BootFixture(folder, 8 * BootFixture.MIB)) {
            assertThat(guest.boot(TestImages.bzImage()).instructionPointer()).isEqualTo(2 * BootFixture.MIB + 0x200);
        }
    }

    @Test
    void refusesToMoveAKernelThatIsNotRelocatable() {
        ByteBuffer image = TestImages.bzImage();
        image.put(0x234, (byte) 0);
        try (BootFixture guest = new BootFixture(folder, 8 * BootFixture.MIB)) {
            assertThatThrownBy(() -> guest.boot(image))
                    .isInstanceOf(BootException.class)
                    .hasMessageContaining("0x1000000")
                    .hasMessageContaining("more memory");
        }
    }

    @Test
    void tellsTheKernelOfInitrdCommandLineAndAcpi() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.initrd(5000).commandLine("quiet ä").boot(TestImages.bzImage());

            long initrd = guest.u32(ZERO_PAGE + 0x218);
            assertThat(initrd).isEqualTo(64 * BootFixture.MIB - 8192);
            assertThat(guest.u32(ZERO_PAGE + 0x21C)).isEqualTo(5000);
            assertThat(guest.u8(initrd + 4999)).isEqualTo(7);
            assertThat(guest.text(guest.u32(ZERO_PAGE + 0x228))).isEqualTo("quiet Ã¤");
            assertThat(guest.memory.getLong(ZERO_PAGE + 0x70)).isEqualTo(PcLayout.ACPI_TABLES);
            assertThat(guest.u8(ZERO_PAGE + 0x210)).isEqualTo(0xFF);
        }
    }

    @Test
    void passesTheMemoryMapInTheZeroPage() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.boot(TestImages.bzImage());

            assertThat(guest.u8(ZERO_PAGE + 0x1E8))
                    .isEqualTo(MemoryMap.forRam(64 * BootFixture.MIB).size());
            assertThat(guest.memory.getLong(ZERO_PAGE + 0x2D0)).isZero();
            assertThat(guest.memory.getLong(ZERO_PAGE + 0x2D8)).isEqualTo(PcLayout.EBDA);
            assertThat(guest.memory.getInt(ZERO_PAGE + 0x2E0)).isEqualTo(MemoryMap.RAM);
        }
    }

    @Test
    void mapsTheFirst4GibOntoItself() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.boot(TestImages.bzImage());

            for (long address : new long[] {0, 0x1234567, 0x40000000L, 0xFFFFF000L}) {
                assertThat(translate(guest, address)).isEqualTo(address);
            }
        }
    }

    /** What a CPU finds in the tables, with large pages. */
    private static long translate(BootFixture guest, long address) {
        long frame = 0x000F_FFFF_FFFF_F000L;
        long top = guest.memory.getLong(PcLayout.PAGE_TABLES + ((address >>> 39) & 0x1FF) * 8);
        long middle = guest.memory.getLong((top & frame) + ((address >>> 30) & 0x1FF) * 8);
        long bottom = guest.memory.getLong((middle & frame) + ((address >>> 21) & 0x1FF) * 8);
        assertThat(top & middle & bottom & 3).isEqualTo(3);
        assertThat(bottom & 0x80).isEqualTo(0x80);
        return (bottom & 0x000F_FFFF_FFE0_0000L) | (address & 0x1FFFFF);
    }

    @Test
    void leavesNothingOfAnEarlierRunInTheZeroPage() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.memory.putLong(ZERO_PAGE + 0x0C0, -1);
            guest.boot(TestImages.bzImage());

            assertThat(guest.memory.getLong(ZERO_PAGE + 0x0C0)).isZero();
        }
    }

    @Test
    void keepsTheInitrdBelowTheKernelsLimit() {
        ByteBuffer image = TestImages.bzImage();
        image.putInt(0x22C, 0x1FFFFFF);
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.initrd(4096).boot(image);

            assertThat(guest.u32(ZERO_PAGE + 0x218)).isEqualTo(0x2000000 - 4096);
        }
    }

    @Test
    void placesTheInitrdBelowTheKernelWhereThereIsNoRoomAbove() {
        try (BootFixture guest = new BootFixture(folder, 20 * BootFixture.MIB)) {
            guest.initrd(2 * BootFixture.MIB).boot(TestImages.bzImage());

            assertThat(guest.u32(ZERO_PAGE + 0x218)).isEqualTo(14 * BootFixture.MIB);
        }
    }

    @Test
    void refusesAnInitrdLargerThanMemory() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.initrd(64 * BootFixture.MIB);
            assertThatThrownBy(() -> guest.boot(TestImages.bzImage()))
                    .isInstanceOf(BootException.class)
                    .hasMessageContaining("initrd.gz")
                    .hasMessageContaining("more memory");
        }
    }

    @Test
    void refusesAKernelLargerThanMemory() {
        try (BootFixture guest = new BootFixture(folder, 4 * BootFixture.MIB)) {
            assertThatThrownBy(() -> guest.boot(TestImages.bzImage()))
                    .isInstanceOf(BootException.class)
                    .hasMessageContaining("the kernel wants 3145728 bytes")
                    .hasMessageContaining("more memory");
        }
    }

    @Test
    void takesACommandLineAsLongAsTheKernelSays() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.commandLine("x".repeat(2047)).boot(TestImages.bzImage());
            assertThat(guest.text(PcLayout.COMMAND_LINE)).hasSize(2047);

            guest.commandLine("x".repeat(2048));
            assertThatThrownBy(() -> guest.boot(TestImages.bzImage()))
                    .isInstanceOf(BootException.class)
                    .hasMessage("cmdline: 2048 bytes; this kernel takes at most 2047");
        }
    }

    @Test
    void refusesANulInTheCommandLine() {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            guest.commandLine("quiet\0init=/bin/sh");
            assertThatThrownBy(() -> guest.boot(TestImages.bzImage())).hasMessageContaining("NUL character at 5");
        }
    }

    @Test
    void refusesProtocolsBefore212() {
        ByteBuffer image = TestImages.bzImage();
        image.putShort(0x206, (short) 0x020B);
        assertRefused(image, "boot protocol 2.11");
    }

    @Test
    void refusesKernelsWithout64BitEntry() {
        ByteBuffer image = TestImages.bzImage();
        image.putShort(0x236, (short) 0);
        assertRefused(image, "no 64-bit entry point");
    }

    @Test
    void refusesAPayloadShorterThanTheHeaderSays() {
        ByteBuffer image = TestImages.bzImage();
        image.putInt(0x1F4, 4096 / 16 + 2);
        assertRefused(image, "truncated");
    }

    @Test
    void refusesAnAlignmentThatIsNoPowerOfTwo() {
        ByteBuffer image = TestImages.bzImage();
        image.putInt(0x230, 0x300000);
        assertRefused(image, "kernel_alignment");
    }

    private void assertRefused(ByteBuffer image, String reason) {
        try (BootFixture guest = new BootFixture(folder, 64 * BootFixture.MIB)) {
            assertThatThrownBy(() -> guest.boot(image))
                    .isInstanceOf(BootException.class)
                    .hasMessageContaining(guest.kernelFile(image).toString())
                    .hasMessageContaining(reason);
        }
    }
}
