package org.kvmbeans.block.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.jna.JnaPosix;

/** Raw images on block devices: loop devices over a file. Needs root and loop devices. */
class RawBlockDeviceLabIT {
    private static final int MIB = 1 << 20;
    private static final long COMMAND_SECONDS = 60;

    private final JnaPosix posix = new JnaPosix();
    private Path file = Path.of("");
    private Path device = Path.of("");

    @BeforeAll
    static void loadLoop() throws IOException {
        if (!Files.exists(Path.of("/dev/loop-control"))) {
            run(
                    "sh",
                    "-c",
                    "insmod $(find \"${KVMBEANS_HOME:-/var/lib/kvmbeans}/cache/packages\""
                            + " -path \"*/$(uname -r)/*\" -name loop.ko)");
        }
    }

    @BeforeEach
    void makeDevice() throws IOException {
        file = Files.createTempFile("block-device", ".raw");
        setLength(8 * MIB);
        device = Path.of(run("losetup", "--find", "--show", file.toString()).strip());
    }

    @AfterEach
    void removeDevice() throws IOException {
        run("losetup", "--detach", device.toString());
        Files.delete(file);
    }

    private void setLength(long bytes) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(bytes);
        }
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            assertThat(process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(process.exitValue())
                .as(String.join(" ", command) + ": " + output)
                .isZero();
        return output;
    }

    private RawImage open(CacheMode cache) throws IOException {
        return TestDisk.open(posix, device, cache);
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    void readsBackWhatWasWritten(CacheMode cache) throws IOException {
        byte[] first = TestDisk.pattern(3 * MIB + 512, 3);
        byte[] second = TestDisk.pattern(65536, 4);
        try (RawImage image = open(cache)) {
            assertThat(image.sizeBytes()).isEqualTo(8 * MIB);
            assertThat(image.geometry().blockBytes()).isEqualTo(512);
            TestDisk.write(posix, image, 512, first);
            IoVector scattered = TestDisk.scattered(posix, 999, second.length);
            image.write(4 * MIB, TestDisk.filled(scattered, second));
            image.flush();
            assertThat(TestDisk.read(posix, image, 512, first.length)).isEqualTo(first);
            image.read(4 * MIB, scattered);
            assertThat(TestDisk.contents(scattered)).isEqualTo(second);
        }
        run("blockdev", "--flushbufs", device.toString());
        byte[] below = Files.readAllBytes(file);
        assertThat(Arrays.copyOfRange(below, 512, 512 + first.length)).isEqualTo(first);
        assertThat(Arrays.copyOfRange(below, 4 * MIB, 4 * MIB + second.length)).isEqualTo(second);
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "WRITEBACK"})
    void discardsAndZeros(CacheMode cache) throws IOException {
        try (RawImage image = open(cache)) {
            TestDisk.write(posix, image, 0, TestDisk.pattern(4 * MIB, 1));
            image.discard(0, MIB);
            image.writeZeroes(MIB, MIB, true);
            image.writeZeroes(2 * MIB, 512, false);
            assertThat(TestDisk.read(posix, image, 0, 2 * MIB + 512)).containsOnly(0);
            assertThat(TestDisk.read(posix, image, 3 * MIB, 512)).isNotEqualTo(new byte[512]);
        }
    }

    @Test
    void takesNoticeOfItsNewSize() throws IOException {
        try (RawImage image = open(CacheMode.NONE)) {
            setLength(16 * MIB);
            assertThatThrownBy(() -> image.resize(16 * MIB)).hasMessageContaining("the block device has " + 8 * MIB);
            run("losetup", "--set-capacity", device.toString());
            image.resize(16 * MIB);
            assertThat(image.sizeBytes()).isEqualTo(16 * MIB);
            assertThat(TestDisk.read(posix, image, 16 * MIB - 512, 512)).containsOnly(0);
        }
    }

    @Test
    void blocksOf4096BytesAreKept() throws IOException {
        run("losetup", "--sector-size", "4096", device.toString());
        try (RawImage image = open(CacheMode.NONE)) {
            assertThat(image.geometry().blockBytes()).isEqualTo(4096);
            byte[] block = TestDisk.pattern(4096, 8);
            TestDisk.write(posix, image, 4096, block);
            assertThat(TestDisk.read(posix, image, 4096, 4096)).isEqualTo(block);
            assertThatThrownBy(() -> TestDisk.read(posix, image, 512, 512))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aDeviceThatIsWrittenIsOpenOnce() throws IOException {
        try (RawImage image = open(CacheMode.WRITEBACK)) {
            assertThat(image.readOnly()).isFalse();
            assertThatThrownBy(() -> open(CacheMode.NONE))
                    .extracting(e -> ((DiskImageException) e).kind())
                    .isEqualTo(Kind.LOCKED);
            assertThatThrownBy(() -> RawImage.open(
                            posix, device.toString(), new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK)))
                    .extracting(e -> ((DiskImageException) e).kind())
                    .isEqualTo(Kind.LOCKED);
        }
        open(CacheMode.WRITEBACK).close();
    }
}
