package org.kvmbeans.block.raw;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** I/O in the kernel's background. */
class RawImageAsyncTest {
    private static final int BYTES = 1 << 20;
    private static final int PAGE = 4096;
    private static final int DEPTH = 128;

    /** The kernel's two ways: for direct I/O, and for reads through the page cache. */
    private enum Way {
        LINUX_AIO(CacheMode.NONE, "ioSubmit"),
        IO_URING(CacheMode.WRITEBACK, "ioUringEnter");

        private final CacheMode cache;
        private final String submits;

        Way(CacheMode cache, String submits) {
            this.cache = cache;
            this.submits = submits;
        }
    }

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
    @CsvSource({"IO_URING,4096", "IO_URING,32768", "LINUX_AIO,4096", "LINUX_AIO,32768"})
    void readsManyAtATime(Way way, int segment) throws IOException {
        IoVector[] targets = new IoVector[16];
        try (RawImage image = image(way.cache)) {
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
        assertThat(faults.calls(way.submits)).isPositive().isLessThan(targets.length);
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
    void readsWhatThePageCacheHasAndHasNot(CacheMode cache) throws IOException {
        IoVector[] targets = new IoVector[8];
        try (RawImage image = image(cache)) {
            try (AsyncRequests<Integer> async = async(image)) {
                for (int i = 0; i < targets.length; i++) {
                    targets[i] = TestDisk.memory(posix, 1, 3 * PAGE);
                    assertThat(async.read(i * 5000L, targets[i], i)).isTrue();
                }
                async.submit();
                awaitEnded(async, targets.length);
                assertThat(async.write(0, targets[0], 1)).isFalse();
                assertThat(async.read(BYTES - PAGE, TestDisk.memory(posix, 0, 2 * PAGE), 1))
                        .isFalse();
            }
            for (int i = 0; i < targets.length; i++) {
                assertThat(ended).containsEntry(i, true);
                assertThat(TestDisk.contents(targets[i]))
                        .isEqualTo(Arrays.copyOfRange(TestDisk.pattern(BYTES, 1), i * 5000, i * 5000 + 3 * PAGE));
            }
        }
    }

    @Test
    void severalLargeReadsAreCopiedByThreadsOfTheKernel() throws IOException {
        int[] sizes = {PAGE, BYTES / 2, PAGE, BYTES / 2, BYTES / 2, PAGE, BYTES};
        IoVector[] targets = new IoVector[sizes.length];
        try (RawImage image = image(CacheMode.WRITEBACK)) {
            byte[] contents = TestDisk.read(posix, image, 0, BYTES);
            try (AsyncRequests<Integer> async = async(image)) {
                for (int i = 0; i < sizes.length; i++) {
                    targets[i] = TestDisk.memory(posix, 0, sizes[i]);
                    assertThat(async.read(BYTES - sizes[i], targets[i], i)).isTrue();
                }
                async.submit();
                awaitEnded(async, sizes.length);
            }
            for (int i = 0; i < sizes.length; i++) {
                assertThat(ended).containsEntry(i, true);
                assertThat(TestDisk.contents(targets[i]))
                        .isEqualTo(Arrays.copyOfRange(contents, BYTES - sizes[i], BYTES));
            }
        }
        // They stay for some seconds. With one processor there would be nothing to win.
        assertThat(kernelThreads() > 0 || Runtime.getRuntime().availableProcessors() == 1)
                .isTrue();
    }

    private static long kernelThreads() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                try {
                    count += Files.readString(thread.resolve("comm")).startsWith("iou-wrk") ? 1 : 0;
                } catch (IOException e) {
                    // It has ended.
                }
            }
        }
        return count;
    }

    @Test
    void thePageCacheHasNoBackgroundWithoutIoUring() throws IOException {
        faults.fail("ioUringSetup", Errno.EPERM);
        try (RawImage image = image(CacheMode.WRITEBACK)) {
            AsyncRequests<Integer> none = image.openAsync(signal);
            assertThat(none).isNull();
        }
    }

    @Test
    void aFileThatIsCutOffEndsReadsUndone() throws IOException {
        try (RawImage image = image(CacheMode.WRITEBACK);
                AsyncRequests<Integer> async = async(image)) {
            try (FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
                other.truncate(PAGE);
            }
            assertThat(async.read(0, TestDisk.memory(posix, 0, 2 * PAGE), 1)).isTrue();
            assertThat(async.read(2 * PAGE, TestDisk.memory(posix, 0, PAGE), 2)).isTrue();
            async.submit();
            awaitEnded(async, 2);
            assertThat(ended).containsOnly(Map.entry(1, false), Map.entry(2, false));
        }
    }

    /** What submitting does not signal, reaping finds; what is done later is signalled: whoever waits for that sees all. */
    @ParameterizedTest
    @EnumSource
    void nothingIsMissedByWhoeverReapsAfterSubmittingAndAtEverySignal(Way way) throws Exception {
        int requests = 5000;
        try (RawImage image = image(way.cache);
                AsyncRequests<Integer> async = async(image);
                EventLoop loop = EventLoop.start(posix, "reaper", e -> {})) {
            CountDownLatch left = new CountDownLatch(requests);
            AtomicInteger begun = new AtomicInteger();
            IoVector target = TestDisk.memory(posix, 0, PAGE);
            Runnable goOn = () -> {
                long before;
                do {
                    async.submit();
                    before = left.getCount();
                    async.reap((request, done) -> {
                        left.countDown();
                        if (begun.getAndIncrement() < requests - DEPTH) {
                            async.read(request * (long) PAGE, target, request);
                        }
                    });
                } while (left.getCount() != before);
            };
            loop.execute(() -> {
                loop.register(signal.number(), EventLoop.READABLE | EventLoop.EDGE_TRIGGERED, events -> goOn.run());
                for (int i = 0; i < DEPTH; i++) {
                    async.read(i * (long) PAGE, target, i);
                }
                goOn.run();
            });
            assertThat(left.await(60, TimeUnit.SECONDS))
                    .as("%d are left", left.getCount())
                    .isTrue();
            loop.runAndWait(() -> loop.unregister(signal.number()));
        }
    }

    @Test
    void threadsServeWhereTheKernelHasNoMeansLeft() throws IOException {
        faults.fail("ioUringSetup", Errno.ENOMEM);
        faults.fail("ioSetup", Errno.EAGAIN);
        try (RawImage image = image(CacheMode.NONE)) {
            AsyncRequests<Integer> none = image.openAsync(signal);
            assertThat(none).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"IO_URING,EAGAIN", "IO_URING,EBUSY", "LINUX_AIO,EAGAIN", "LINUX_AIO,EIO", "LINUX_AIO,EINVAL"})
    void whatTheKernelRefusesEndsUndone(Way way, String errno) throws Exception {
        try (RawImage image = image(way.cache);
                AsyncRequests<Integer> async = async(image)) {
            faults.fail(way.submits, Errno.class.getField(errno).getInt(null));
            for (int i = 0; i < 3; i++) {
                assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), i)).isTrue();
            }
            async.submit();
            awaitEnded(async, 3);
            assertThat(ended).containsOnly(Map.entry(0, false), Map.entry(1, false), Map.entry(2, false));
            ended.clear();
            faults.heal(way.submits);
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), 3)).isTrue();
            async.submit();
            awaitEnded(async, 1);
            assertThat(ended).containsOnly(Map.entry(3, true));
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

    /** A file's time of change makes a write wait now and then: that is no reason to keep the next ones out for long. */
    @Test
    void oneWriteThatHadToWaitKeepsOneOut() throws IOException {
        try (RawImage image = image(CacheMode.NONE);
                AsyncRequests<Integer> async = async(image)) {
            assertThat(keptOut(async)).isZero();
            for (int keptOut : new int[] {1, 2, 4}) {
                faults.failTimes("ioSubmit", Errno.EAGAIN, 1);
                submitOne(async);
                assertThat(keptOut(async)).isEqualTo(keptOut);
            }
            submitOne(async);
            assertThat(keptOut(async)).isZero();
            faults.failTimes("ioSubmit", Errno.EAGAIN, 1);
            submitOne(async);
            assertThat(keptOut(async)).isEqualTo(1);
        }
    }

    /** How many writes are refused until one is taken. */
    private int keptOut(AsyncRequests<Integer> async) {
        int keptOut = 0;
        while (!async.write(0, TestDisk.memory(posix, 0, PAGE), 1)) {
            keptOut++;
        }
        return keptOut;
    }

    private void submitOne(AsyncRequests<Integer> async) {
        ended.clear();
        async.submit();
        awaitEnded(async, 1);
    }

    @Test
    void takesNothingThatDirectIoDoesNotTake() throws IOException {
        try (RawImage image = image(CacheMode.NONE);
                AsyncRequests<Integer> async = async(image)) {
            assertThat(async.read(0, TestDisk.memory(posix, 1, PAGE), 0)).isFalse();
            assertThat(async.read(BYTES, TestDisk.memory(posix, 0, PAGE), 0)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void takesAsManyAsThereIsRoomFor(Way way) throws IOException {
        try (RawImage image = image(way.cache);
                AsyncRequests<Integer> async = async(image)) {
            for (int i = 0; i < DEPTH; i++) {
                assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), i)).isTrue();
            }
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), DEPTH)).isFalse();
            async.submit();
            awaitEnded(async, DEPTH);
            assertThat(async.read(0, TestDisk.memory(posix, 0, PAGE), DEPTH)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingWaitsForWhatIsInProgress(Way way) throws IOException {
        try (RawImage image = image(way.cache)) {
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
