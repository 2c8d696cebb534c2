package org.kvmbeans.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.sys.Mapping;
import org.kvmbeans.sys.jna.JnaPosix;

/** Rules of guest RAM: where it is, how it is accessed, and that closing it cannot crash the JVM. */
class GuestMemoryTest {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final long TIB = 1L << 40;

    private final JnaPosix posix = new JnaPosix();

    @Test
    void liesBelowAndAboveTheHole() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", 5 * GIB)) {
            assertThat(memory.regions())
                    .extracting(MemoryRegion::guestAddress, MemoryRegion::guestEnd)
                    .containsExactly(tuple(0L, 3 * GIB), tuple(4 * GIB, 6 * GIB));
            assertThat(memory.contains(3 * GIB - 1, 1)).isTrue();
            assertThat(memory.contains(3 * GIB - 1, 2)).isFalse();
            assertThat(memory.contains(4 * GIB - 1, 1)).isFalse();
            assertThat(memory.contains(6 * GIB - 8, 8)).isTrue();
            assertThat(memory.contains(6 * GIB - 8, 9)).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, MIB - 4096, MIB + 1, 4 * TIB + 4096, -4096, Long.MAX_VALUE})
    void refusesImpossibleSizes(long bytes) {
        assertThatThrownBy(() -> GuestMemory.allocate(posix, "test", bytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Long.toString(bytes))
                .hasMessageContaining("1 MiB to 4 TiB");
    }

    @Test
    void reachesTheLastByteOfFourTebibytes() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", 4 * TIB)) {
            long last = 4 * TIB + GIB - Long.BYTES;
            memory.putLong(last, 0x0123_4567_89AB_CDEFL);

            assertThat(memory.getLong(last)).isEqualTo(0x0123_4567_89AB_CDEFL);
            assertThat(memory.residentBytes()).isBetween(4096L, 4 * MIB);
        }
    }

    @Test
    void isLittleEndianInEveryWidth() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", MIB)) {
            memory.putLong(0x100, 0x8877_6655_4433_2211L);

            assertThat(memory.getByte(0x100)).isEqualTo((byte) 0x11);
            assertThat(memory.getShort(0x101)).isEqualTo((short) 0x3322);
            assertThat(memory.getInt(0x103)).isEqualTo(0x7766_5544);
        }
    }

    @Test
    void accessesThatStraddleTwoWindowsAreWhole() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", 2 * GIB)) {
            long border = Mapping.WINDOW_BYTES;
            memory.putLong(border - 3, 0x8877_6655_4433_2211L);
            memory.putInt(border - 20, 0x1234_5678);

            assertThat(memory.getLong(border - 3)).isEqualTo(0x8877_6655_4433_2211L);
            assertThat(memory.getInt(border - 1)).isEqualTo(0x6655_4433);
            assertThat(memory.getShort(border - 1)).isEqualTo((short) 0x4433);
            byte[] bytes = new byte[4];
            memory.read(border - 2, bytes, 0, 4);
            assertThat(bytes).containsExactly(0x22, 0x33, 0x44, 0x55);
            memory.write(border - 2, new byte[] {9, 8, 7, 6}, 0, 4);
            assertThat(memory.getInt(border - 2)).isEqualTo(0x0607_0809);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {MIB, MIB - 7, -1, -8, Long.MIN_VALUE, Long.MAX_VALUE, 3 * GIB, 4 * GIB})
    void refusesAddressesThatAreNoRam(long gpa) {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", MIB)) {
            assertThatExceptionOfType(GuestAddressException.class).isThrownBy(() -> memory.getLong(gpa));
            assertThatExceptionOfType(GuestAddressException.class).isThrownBy(() -> memory.putLong(gpa, 1));
        }
    }

    @Test
    void loadsFilesStraightIntoRam(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("file"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", MIB);
                FileChannel channel = FileChannel.open(file)) {
            memory.load(channel, 2, 0x1000, 4);
            assertThat(memory.getLong(0x1000)).isEqualTo(0x0605_0403L);
            assertThatThrownBy(() -> memory.load(channel, 2, 0x1000, 7))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("ends at byte 8");
        }
    }

    @Test
    void isEmptyOnceClosed() {
        GuestMemory memory = GuestMemory.allocate(posix, "test", MIB);
        memory.close();
        memory.close();

        assertThat(memory.residentBytes()).isZero();
        assertThatExceptionOfType(GuestAddressException.class).isThrownBy(() -> memory.getByte(0));
    }

    @Test
    void givesItsAddressesBackWhenNobodyCanReachThem() throws Exception {
        int before = mappingsOf("kvmbeans-unmap-test");
        GuestMemory memory = GuestMemory.allocate(posix, "kvmbeans-unmap-test", 64 * MIB);
        String range = Long.toHexString(memory.regions().get(0).hostAddress());
        assertThat(mappingsOf("kvmbeans-unmap-test")).isEqualTo(before + 1);

        memory.close();
        assertThat(mappingsOf("kvmbeans-unmap-test")).isEqualTo(before);

        Instant deadline = Instant.now().plus(Duration.ofSeconds(30));
        while (maps().stream().anyMatch(line -> line.startsWith(range + "-"))) {
            assertThat(Instant.now()).as("unmapped by now").isBefore(deadline);
            System.gc();
            Thread.onSpinWait();
        }
    }

    private static int mappingsOf(String name) throws IOException {
        return (int) maps().stream().filter(line -> line.contains(name)).count();
    }

    private static List<String> maps() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps"));
    }

    @Test
    void discardGivesWholePagesBackAndNoOthers() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", MIB)) {
            long page = GuestMemory.PAGE_BYTES;
            memory.write(0, filled(16 * (int) page), 0, 16 * (int) page);
            long before = memory.residentBytes();

            assertThat(memory.discard(page + 1, 4 * page)).isEqualTo(3 * page);

            assertThat(memory.residentBytes()).isEqualTo(before - 3 * page);
            assertThat(memory.getByte(2 * page - 1)).isEqualTo((byte) 0x5A);
            assertThat(memory.getByte(2 * page)).isZero();
            assertThat(memory.getByte(5 * page - 1)).isZero();
            assertThat(memory.getByte(5 * page)).isEqualTo((byte) 0x5A);
        }
    }

    @Test
    void discardOfLessThanAPageDoesNothing() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", MIB)) {
            memory.putByte(0x1000, (byte) 1);

            assertThat(memory.discard(0x1001, GuestMemory.PAGE_BYTES)).isZero();
            assertThat(memory.discard(0x1000, 0)).isZero();

            assertThat(memory.getByte(0x1000)).isEqualTo((byte) 1);
        }
    }

    @Test
    void discardStopsAtTheHole() {
        try (GuestMemory memory = GuestMemory.allocate(posix, "test", 5 * GIB)) {
            long page = GuestMemory.PAGE_BYTES;
            memory.putByte(3 * GIB - 1, (byte) 1);
            memory.putByte(4 * GIB, (byte) 2);

            assertThat(memory.discard(3 * GIB - page, page)).isEqualTo(page);

            assertThat(memory.getByte(3 * GIB - 1)).isZero();
            assertThat(memory.getByte(4 * GIB)).isEqualTo((byte) 2);
        }
    }

    @Test
    void discardRefusesWhatIsNotRam() {
        GuestMemory memory = GuestMemory.allocate(posix, "test", 5 * GIB);
        memory.putByte(3 * GIB - 1, (byte) 1);
        long page = GuestMemory.PAGE_BYTES;

        for (long[] range : new long[][] {
            {3 * GIB - page, 2 * page}, {4 * GIB - page, 2 * page}, {6 * GIB, page}, {-page, 2 * page}, {0, -page}
        }) {
            assertThatExceptionOfType(GuestAddressException.class).isThrownBy(() -> memory.discard(range[0], range[1]));
        }
        memory.close();
        assertThatExceptionOfType(GuestAddressException.class).isThrownBy(() -> memory.discard(0, page));
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0x5A);
        return bytes;
    }
}
