package org.kvmbeans.block.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

class RawImageTest {
    private static final int MIB = 1 << 20;

    private final FaultyPosix faults = new FaultyPosix();
    private final Posix posix = faults.posix();
    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = TestDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private RawImage disk(long bytes, CacheMode cache) throws IOException {
        return TestDisk.open(posix, TestDisk.file(directory, bytes), cache);
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    void readsBackWhatWasWrittenFromMemoryOfAnyShape(CacheMode cache) throws IOException {
        Path path = TestDisk.file(directory, 4 * MIB);
        byte[] expected = TestDisk.pattern(4 * MIB, 7);
        try (RawImage image = TestDisk.open(posix, path, cache)) {
            for (int offset : new int[] {0, 4096, 512, MIB + 1536}) {
                for (int length : new int[] {512, 4096, 7 * 512, MIB + 4096}) {
                    byte[] part = TestDisk.pattern(length, offset + length);
                    for (IoVector source : new IoVector[] {
                        TestDisk.memory(posix, 0, length),
                        TestDisk.memory(posix, 512, length),
                        TestDisk.memory(posix, 1, length),
                        TestDisk.scattered(posix, 4096, length),
                        TestDisk.scattered(posix, Math.max(1337, length / 700), length)
                    }) {
                        image.write(offset, TestDisk.filled(source, part));
                        assertThat(TestDisk.read(posix, image, offset, length)).isEqualTo(part);
                        TestDisk.filled(source, new byte[length]);
                        image.read(offset, source);
                        assertThat(TestDisk.contents(source)).isEqualTo(part);
                    }
                }
            }
            TestDisk.write(posix, image, 0, expected);
            image.flush();
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(expected);
    }

    @Test
    void bufferedReadsAndWritesAreDoneAtOnce() throws IOException {
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            byte[] part = TestDisk.pattern(4096, 3);
            assertThat(image.writeAtOnce(8192, TestDisk.filled(TestDisk.memory(posix, 0, 4096), part)))
                    .isTrue();
            IoVector target = TestDisk.memory(posix, 0, 4096);
            assertThat(image.readAtOnce(8192, target)).isTrue();
            assertThat(TestDisk.contents(target)).isEqualTo(part);
        }
    }

    @Test
    void readsAtOnceWhereTheFileSystemCannotTellWhetherItWaits() throws IOException {
        faults.fail("preadv2", Errno.EOPNOTSUPP);
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            assertThat(image.readAtOnce(0, TestDisk.memory(posix, 0, 4096))).isTrue();
            assertThat(image.readAtOnce(0, TestDisk.memory(posix, 0, 4096))).isTrue();
            assertThat(faults.calls("preadv2")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "DIRECTSYNC", "WRITETHROUGH"})
    void nothingThatWaitsForStorageIsDoneAtOnce(CacheMode cache) throws IOException {
        try (RawImage image = disk(MIB, cache)) {
            assertThat(image.writeAtOnce(0, TestDisk.memory(posix, 0, 4096))).isFalse();
            if (cache.direct()) {
                assertThat(image.readAtOnce(0, TestDisk.memory(posix, 0, 4096))).isFalse();
            }
        }
    }

    @Test
    void readsNotInThePageCacheAreNotDoneAtOnce() throws IOException {
        faults.fail("preadv2", Errno.EAGAIN);
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            assertThat(image.readAtOnce(0, TestDisk.memory(posix, 0, 4096))).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "WRITEBACK"})
    void aFileThatEndsInABlockReadsAsZerosFromThere(CacheMode cache) throws IOException {
        Path path = TestDisk.file(directory, 0);
        byte[] odd = TestDisk.pattern(5000, 1);
        Files.write(path, odd);
        try (RawImage image = TestDisk.open(posix, path, cache)) {
            assertThat(image.sizeBytes()).isEqualTo(5120);
            byte[] read = TestDisk.read(posix, image, 0, 5120);
            assertThat(read).startsWith(odd);
            assertThat(Arrays.copyOfRange(read, 5000, 5120)).containsOnly(0);
            TestDisk.write(posix, image, 4608, TestDisk.pattern(512, 2));
            assertThat(TestDisk.read(posix, image, 4608, 512)).isEqualTo(TestDisk.pattern(512, 2));
        }
        assertThat(Files.size(path)).isEqualTo(5120);
    }

    @Test
    void continuesShortReadsAndWrites() throws IOException {
        byte[] part = TestDisk.pattern(65536, 5);
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            faults.answer(
                    "pwrite",
                    a -> faults.real().pwrite((int) a[0], (long) a[1], Math.min((long) a[2], 1000), (long) a[3]));
            faults.answer(
                    "pread",
                    a -> faults.real().pread((int) a[0], (long) a[1], Math.min((long) a[2], 777), (long) a[3]));
            faults.answer("pwritev", a -> faults.real().pwritev((int) a[0], (long) a[1], 1, (long) a[3]));
            faults.answer("preadv", a -> faults.real().preadv((int) a[0], (long) a[1], 1, (long) a[3]));
            IoVector scattered = TestDisk.scattered(posix, 3000, 65536);
            image.write(512, TestDisk.filled(scattered, part));
            assertThat(TestDisk.read(posix, image, 512, 65536)).isEqualTo(part);
            TestDisk.write(posix, image, 0, part);
            image.read(0, scattered);
            assertThat(TestDisk.contents(scattered)).isEqualTo(part);
        }
    }

    @Test
    void interruptedCallsAreMadeAgain() throws IOException {
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            faults.failTimes("pwrite", Errno.EINTR, 3);
            faults.failTimes("pread", Errno.EAGAIN, 3);
            faults.failTimes("fdatasync", Errno.EINTR, 2);
            faults.failTimes("fallocate", Errno.EINTR, 2);
            byte[] part = TestDisk.pattern(512, 5);
            TestDisk.write(posix, image, 0, part);
            assertThat(TestDisk.read(posix, image, 0, 512)).isEqualTo(part);
            image.flush();
            image.discard(0, 4096);
        }
    }

    @Test
    void failuresNameTheImageAndTheirKind() throws IOException {
        Path path = TestDisk.file(directory, MIB);
        try (RawImage image = TestDisk.open(posix, path, CacheMode.NONE)) {
            faults.fail("pwrite", Errno.ENOSPC);
            assertThatThrownBy(() -> TestDisk.write(posix, image, 4096, new byte[4096]))
                    .isInstanceOf(DiskImageException.class)
                    .hasMessage(path + ": write of 4096 bytes at 4096 failed: ENOSPC")
                    .extracting(e -> ((DiskImageException) e).kind())
                    .isEqualTo(Kind.NO_SPACE);
            faults.fail("pread", Errno.EIO);
            assertThatThrownBy(() -> TestDisk.read(posix, image, 0, 4096))
                    .hasMessage(path + ": read of 4096 bytes at 0 failed: EIO")
                    .extracting(e -> ((DiskImageException) e).kind())
                    .isEqualTo(Kind.IO_ERROR);
        }
    }

    @Test
    void aFailedFlushOfThePageCacheIsNotForgotten() throws IOException {
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            faults.failTimes("fdatasync", Errno.EIO, 1);
            assertThatThrownBy(image::flush).hasMessageContaining("fdatasync failed: EIO");
            assertThatThrownBy(image::flush).hasMessageContaining("may be lost");
        }
        try (RawImage image = disk(MIB, CacheMode.NONE)) {
            faults.failTimes("fdatasync", Errno.EIO, 1);
            assertThatThrownBy(image::flush).hasMessageContaining("fdatasync failed: EIO");
            image.flush();
        }
    }

    @Test
    void flushesAreIgnoredWhereTheCacheModeSaysSo() throws IOException {
        try (RawImage image = disk(MIB, CacheMode.UNSAFE)) {
            image.flush();
            assertThat(faults.calls("fdatasync")).isZero();
        }
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            image.flush();
            assertThat(faults.calls("fdatasync")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "WRITEBACK", "DIRECTSYNC"})
    void discardsAndZerosGiveStorageBack(CacheMode cache) throws IOException {
        try (RawImage image = disk(8 * MIB, cache)) {
            assertThat(image.allocatedBytes()).isZero();
            TestDisk.write(posix, image, 0, TestDisk.pattern(8 * MIB, 1));
            image.flush();
            assertThat(image.allocatedBytes()).isGreaterThanOrEqualTo(8 * MIB);
            image.discard(MIB, 2 * MIB);
            assertThat(image.allocatedBytes()).isBetween(5L * MIB, 7L * MIB);
            image.writeZeroes(4 * MIB, MIB, true);
            assertThat(image.allocatedBytes()).isBetween(4L * MIB, 6L * MIB);
            image.writeZeroes(6 * MIB, MIB, false);
            assertThat(image.allocatedBytes()).isBetween(4L * MIB, 6L * MIB);
            assertThat(TestDisk.read(posix, image, 4 * MIB, MIB)).containsOnly(0);
            assertThat(TestDisk.read(posix, image, 6 * MIB, MIB)).containsOnly(0);
            byte[] whole = TestDisk.pattern(8 * MIB, 1);
            assertThat(TestDisk.read(posix, image, 7 * MIB, MIB))
                    .isEqualTo(Arrays.copyOfRange(whole, 7 * MIB, 8 * MIB));
        }
    }

    @Test
    void zerosAreWrittenWhereTheFileSystemCannotMakeThem() throws IOException {
        faults.fail("fallocate", Errno.EOPNOTSUPP);
        try (RawImage image = disk(4 * MIB, CacheMode.WRITEBACK)) {
            TestDisk.write(posix, image, 0, TestDisk.pattern(4 * MIB, 1));
            image.writeZeroes(512, 2 * MIB, true);
            image.writeZeroes(3 * MIB, 512, false);
            image.discard(0, 512);
            assertThat(faults.calls("fallocate")).isEqualTo(2);
            assertThat(TestDisk.read(posix, image, 512, 2 * MIB)).containsOnly(0);
            assertThat(TestDisk.read(posix, image, 3 * MIB, 512)).containsOnly(0);
            assertThat(TestDisk.read(posix, image, 0, 512)[0]).isEqualTo(TestDisk.pattern(1, 1)[0]);
        }
    }

    @Test
    void growsAndShrinks() throws IOException {
        Path path = TestDisk.file(directory, MIB);
        try (RawImage image = TestDisk.open(posix, path, CacheMode.WRITEBACK)) {
            image.resize(3 * MIB);
            assertThat(image.sizeBytes()).isEqualTo(3 * MIB);
            assertThat(TestDisk.read(posix, image, 2 * MIB, 4096)).containsOnly(0);
            image.resize(512);
            assertThatThrownBy(() -> TestDisk.read(posix, image, 512, 512))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> image.resize(1000)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Files.size(path)).isEqualTo(512);
    }

    @Test
    void refusesWhatIsNotWholeBlocksOfTheDisk() throws IOException {
        try (RawImage image = disk(MIB, CacheMode.WRITEBACK)) {
            IoVector block = TestDisk.memory(posix, 0, 512);
            for (long offset : new long[] {-512, 1, MIB, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThatThrownBy(() -> image.read(offset, block)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> image.write(offset, block)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> image.discard(offset, 512)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> image.writeZeroes(offset, 512, true))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void saysThatSomebodyElseCutTheFileOff() throws IOException {
        Path path = TestDisk.file(directory, MIB);
        try (RawImage image = TestDisk.open(posix, path, CacheMode.WRITEBACK);
                RandomAccessFile other = new RandomAccessFile(path.toFile(), "rw")) {
            other.setLength(4096);
            assertThatThrownBy(() -> TestDisk.read(posix, image, 0, 8192))
                    .hasMessageContaining("it ends at byte 4096, but had 1048576 bytes");
        }
    }

    @Test
    void aReadOnlyImageIsNotWritten() throws IOException {
        try (RawImage image = TestDisk.openToRead(posix, TestDisk.file(directory, MIB))) {
            assertThat(image.readOnly()).isTrue();
            image.flush();
            assertThat(TestDisk.read(posix, image, 0, 512)).containsOnly(0);
            assertThatThrownBy(() -> TestDisk.write(posix, image, 0, new byte[512]))
                    .extracting(e -> ((DiskImageException) e).kind())
                    .isEqualTo(Kind.READ_ONLY);
            assertThatThrownBy(() -> image.discard(0, 512)).isInstanceOf(DiskImageException.class);
            assertThatThrownBy(() -> image.resize(512)).isInstanceOf(DiskImageException.class);
        }
    }
}
