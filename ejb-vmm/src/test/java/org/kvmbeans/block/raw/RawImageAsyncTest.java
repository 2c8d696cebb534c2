package org.kvmbeans.block.raw;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** Direct I/O in the kernel's background. */
class RawImageAsyncTest {
    private static final int BYTES = 1 << 20;
    private static final int PAGE = 4096;
    private static final int DEPTH = 128;

    private final FaultyPosix faults = new FaultyPosix();
    private final Posix posix = faults.posix();
    private final EventFd signal = EventFd.create(posix);
    private final Map<Integer, Boolean> ended = new HashMap<>();
    private Path directory = Path.of("");
    private Path path = Path.of("");

    @BeforeEach
    void makeFile() throws IOException {
        directory = TestDisk.directory();
        path = TestDisk.file(directory, BYTES);
        try (RawImage image = image(CacheMode.NONE)) {
            // Past the page cache, which the kernel would have to empty before.
            TestDisk.write(posix, image, 0, TestDisk.pattern(BYTES, 1));
            image.flush();
        }
    }

    @AfterEach
    void removeFile() throws IOException {
        signal.close();
        Files.delete(path);
        Files.delete(directory);
    }

    private RawImage image(CacheMode cache) throws IOException {
        return TestDisk.open(posix, path, cache);
    }

    private AsyncRequests<Integer> async(RawImage image) {
        return Objects.requireNonNull(image.openAsync(signal));
    }

    private void awaitEnded(AsyncRequests<Integer> async, int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (ended.size() < count) {
            async.reap(ended::put);
            assertThat(System.nanoTime())
                    .as("%d of %d have ended", ended.size(), count)
                    .isLessThan(deadline);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {PAGE, 8 * PAGE})
    void readsManyAtATime(int segment) throws IOException {
        IoVector[] targets = new IoVector[16];
        try (RawImage image = image(CacheMode.NONE)) {
            try (AsyncRequests<Integer> async = async(image)) {
                for (int i = 0; i < targets.length; i++) {
                    targets[i] = TestDisk.memory(posix, 0, 8 * PAGE);
                    IoVector target = new IoVector(posix, 8);
                    for (int at = 0; at < 8 * PAGE; at += segment) {
                        IoVector part = new IoVector(posix, 1);
                        targets[i].sliceInto(part, at, segment);
                        target.add(part.segment(0), part.segmentAddress(0), 0, segment);
                    }
                    assertThat(async.read((long) i * 8 * PAGE, target, i)).isTrue();
                }
                async.submit();
                awaitEnded(async, targets.length);
            }
            for (int i = 0; i < targets.length; i++) {
                if (Boolean.FALSE.equals(ended.get(i))) {
                    image.read((long) i * 8 * PAGE, targets[i]);
                }
                assertThat(TestDisk.contents(targets[i]))
                        .isEqualTo(TestDisk.read(posix, image, (long) i * 8 * PAGE, 8 * PAGE));
            }
        }
        assertThat(faults.calls("ioSubmit")).isLessThan(targets.length);
    }

    @Test
    void writesWhatIsAllocated() throws IOException {
        byte[] part = TestDisk.pattern(PAGE, 5);
        try (RawImage image = image(CacheMode.NONE)) {
            try (AsyncRequests<Integer> async = async(image)) {
                assertThat(async.write(PAGE, TestDisk.filled(TestDisk.memory(posix, 0, PAGE), part), 1))
                        .isTrue();
                async.submit();
                awaitEnded(async, 1);
            }
            assertThat(ended).containsEntry(1, true);
            assertThat(signal.take()).isPositive();
            assertThat(TestDisk.read(posix, image, PAGE, PAGE)).isEqualTo(part);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"WRITEBACK", "WRITETHROUGH", "UNSAFE"})
    void thePageCacheHasNoBackground(CacheMode cache) throws IOException {
        try (RawImage image = image(cache)) {
            AsyncRequests<Integer> none = image.openAsync(signal);
            assertThat(none).isNull();
        }
    }

    @Test
    void threadsServeWhereTheKernelHasNoContextLeft() throws IOException {
        faults.fail("ioSetup", Errno.EAGAIN);
        try (RawImage image = image(CacheMode.NONE)) {
            AsyncRequests<Integer> none = image.openAsync(signal);
            assertThat(none).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EAGAIN, Errno.EIO, Errno.EINVAL})
    void whatTheKernelRefusesEndsUndone(int errno) throws IOException {
        faults.fail("ioSubmit", errno);
        try (RawImage image = image(CacheMode.NONE);
                AsyncRequests<Integer> async = async(image)) {
            for (int i = 0; i < 3; i++) {
                assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), i)).isTrue();
            }
            async.submit();
            awaitEnded(async, 3);
            assertThat(ended).containsOnly(Map.entry(0, false), Map.entry(1, false), Map.entry(2, false));
        }
    }

    @Test
    void isNotAskedAgainWhereTheFileSystemCannotTellWhetherItWaits() throws IOException {
        faults.fail("ioSubmit", Errno.EOPNOTSUPP);
        try (RawImage image = image(CacheMode.NONE);
                AsyncRequests<Integer> async = async(image)) {
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), 1)).isTrue();
            async.submit();
            awaitEnded(async, 1);
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), 2)).isFalse();
        }
    }

    @Test
    void takesAsManyAsThereIsRoomForAndNothingThatDirectIoDoesNotTake() throws IOException {
        try (RawImage image = image(CacheMode.NONE);
                AsyncRequests<Integer> async = async(image)) {
            assertThat(async.read(0, TestDisk.memory(posix, 1, PAGE), 0)).isFalse();
            assertThat(async.read(BYTES, TestDisk.memory(posix, 0, PAGE), 0)).isFalse();
            for (int i = 0; i < DEPTH; i++) {
                assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), i)).isTrue();
            }
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), DEPTH)).isFalse();
            async.submit();
            awaitEnded(async, DEPTH);
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), DEPTH)).isTrue();
        }
    }

    @Test
    void closingWaitsForWhatIsInProgress() throws IOException {
        try (RawImage image = image(CacheMode.NONE)) {
            AsyncRequests<Integer> async = async(image);
            IoVector target = TestDisk.memory(posix, 0, PAGE);
            assertThat(async.read(0, target, 1)).isTrue();
            async.submit();
            async.close();
            async.close();
            async.reap(ended::put);
            assertThat(ended).isEmpty();
            assertThat(TestDisk.contents(target)).isEqualTo(Arrays.copyOf(TestDisk.pattern(BYTES, 1), PAGE));
        }
    }
}
