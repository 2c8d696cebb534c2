package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.WriteWatch;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;

class SwitchableImageTest extends TaskTest {
    private final MemoryImage first = new MemoryImage("first", SIZE);
    private final MemoryImage second = new MemoryImage("second", SIZE);
    private final SwitchableImage disk = disk(first);

    private DiskImage switchTo(SwitchableImage from, DiskImage to) throws IOException {
        return from.exclusively(exclusive -> {
            DiskImage former = exclusive.current();
            exclusive.to(to);
            return former;
        });
    }

    @Test
    void requestsGoToTheImageThatCameLast() throws IOException {
        Memory.write(disk, 0, Memory.random(4096, 1));
        assertThat(switchTo(disk, second)).isSameAs(first);
        Memory.write(disk, 0, Memory.random(4096, 2));
        assertThat(Memory.read(first, 0, 4096)).isEqualTo(Memory.random(4096, 1));
        assertThat(Memory.read(second, 0, 4096)).isEqualTo(Memory.random(4096, 2));
        assertThat(first.closed).isFalse();
    }

    @Test
    void exchangeWaitsForRequestsInProgressAndKeepsOthersWaiting() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Future<?> slow = threads.submit(() -> disk.use(image -> {
            inside.countDown();
            await(goOn);
            return Memory.read(image, 0, 512);
        }));
        inside.await();
        CountDownLatch exchanging = new CountDownLatch(1);
        Future<?> exchange = threads.submit(() -> {
            exchanging.countDown();
            return disk.exclusively(exclusive -> {
                assertThat(goOn.getCount()).isZero();
                exclusive.to(second);
                return first;
            });
        });
        exchanging.await();
        // Reads at once are let in until the gate is shut.
        while (disk.readAtOnce(0, Memory.vector(new byte[512]))) {
            Thread.onSpinWait();
        }
        Future<?> later = threads.submit(() -> {
            Memory.write(disk, 0, Memory.random(512, 7));
            return disk;
        });
        assertThat(exchange.isDone()).isFalse();
        goOn.countDown();
        slow.get();
        exchange.get();
        later.get();
        assertThat(Memory.read(second, 0, 512)).isEqualTo(Memory.random(512, 7));
        assertThat(Memory.read(first, 0, 512)).containsOnly(0);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void imageThatDoesNotFitIsRefused() {
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> switchTo(disk, new MemoryImage("short", SIZE / 2)))
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> switchTo(disk, new MemoryImage("read-only", SIZE).toRead()))
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
    }

    @Test
    void watchSeesEveryChangeBeforeItsWriterGoesOn() throws IOException {
        List<String> seen = new ArrayList<>();
        WriteWatch watch = new WriteWatch() {
            @Override
            public boolean delaysWrites() {
                return true;
            }

            @Override
            public void beforeChange(long offset, long length) {
                seen.add("before " + offset + " " + length);
            }

            @Override
            public void afterChange(long offset, long length) {
                seen.add("after " + offset + " " + length);
            }
        };
        disk.exclusively(exclusive -> {
            exclusive.watch(watch);
            return disk;
        });
        Memory.write(disk, 0, new byte[4096]);
        disk.writeZeroes(4096, 512, true);
        disk.discard(8192, 4096);
        first.failWriteIn.set(0);
        assertThatExceptionOfType(DiskImageException.class).isThrownBy(() -> Memory.write(disk, 512, new byte[512]));
        disk.exclusively(exclusive -> {
            exclusive.unwatch(watch);
            return disk;
        });
        Memory.write(disk, 0, new byte[4096]);
        assertThat(seen)
                .containsExactly(
                        "before 0 4096",
                        "after 0 4096",
                        "before 4096 512",
                        "after 4096 512",
                        "before 8192 4096",
                        "after 8192 4096",
                        "before 512 512",
                        "after 512 512");
    }

    @Test
    void requestsAfterItWasClosedFailAndTouchNothing() throws IOException {
        disk.close();
        disk.close();
        assertThat(first.closed).isTrue();
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> Memory.read(disk, 0, 512))
                .withMessageContaining("closed");
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> disk.exclusively(exclusive -> disk))
                .withMessageContaining("closed");
        assertThat(disk.readAtOnce(0, Memory.vector(new byte[512]))).isFalse();
        assertThat(disk.writeAtOnce(0, Memory.vector(new byte[512]))).isFalse();
    }

    @Test
    void claimIsOneOperationsUntilItIsClosed() throws IOException {
        try (SwitchableImage.Claim claim = disk.claim("a test")) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> disk.claim("another"))
                    .matches(e -> e.kind() == Kind.LOCKED)
                    .withMessageContaining("a test is in progress, and another cannot come");
            claim.close();
            disk.claim("the next");
        }
        assertThatExceptionOfType(DiskImageException.class).isThrownBy(() -> disk.claim("one more"));
    }

    /** Requests in the background of direct I/O, while the image below is exchanged again and again. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void backgroundRequestsGoOnWithTheNextImage(long seed) throws Exception {
        RawImage one = direct("one.raw");
        RawImage two = direct("two.raw");
        try (EventFd signal = EventFd.create(Memory.POSIX);
                SwitchableImage direct = new SwitchableImage("vda", one)) {
            Random random = new Random(seed);
            byte[] model = new byte[SIZE];
            Background background = new Background(direct, signal);
            Future<?> exchanging = threads.submit(() -> {
                for (int i = 0; i < 40; i++) {
                    direct.exclusively(exclusive -> {
                        DiskImage former = exclusive.current();
                        DiskImage next = former == one ? two : one;
                        Memory.write(next, 0, Memory.contents(former));
                        exclusive.to(next);
                        return next;
                    });
                }
                return direct;
            });
            while (!exchanging.isDone()) {
                int at = random.nextInt(SIZE / 4096) * 4096;
                byte[] contents = Memory.random(4096, random.nextLong());
                background.write(at, contents);
                System.arraycopy(contents, 0, model, at, 4096);
            }
            exchanging.get();
            // However busy the exchange was: nothing is in its way any more.
            background.write(0, Arrays.copyOf(model, 4096));
            background.requests.close();
            assertThat(background.inBackground).isPositive();
            assertThat(Memory.contents(direct)).isEqualTo(model);
        }
        one.close();
        two.close();
    }

    private RawImage direct(String name) throws IOException {
        Path path = directory.resolve(name);
        raw.make(path, SIZE);
        RawImage image =
                RawImage.open(Memory.POSIX, path.toString(), new OpenOptions(Access.READ_WRITE, CacheMode.NONE));
        Memory.write(image, 0, new byte[SIZE]);
        return image;
    }

    /** One thread with one request at a time, as a queue would have it. */
    private static final class Background {
        private final SwitchableImage disk;
        private final AsyncRequests<byte[]> requests;
        private final CopyBuffer buffer = new CopyBuffer(Memory.POSIX, 4096);
        private int inBackground;

        Background(SwitchableImage disk, EventFd signal) {
            this.disk = disk;
            requests = disk.openAsync(signal);
        }

        void write(long offset, byte[] contents) throws IOException {
            IoVector source = buffer.part(0, contents.length);
            source.copyFrom(0, ByteBuffer.wrap(contents));
            boolean[] done = {false, false};
            if (requests.write(offset, source, contents)) {
                requests.submit();
                while (!done[0]) {
                    requests.reap((request, well) -> {
                        done[0] = true;
                        done[1] = well;
                    });
                }
                inBackground += done[1] ? 1 : 0;
            }
            if (!done[1]) {
                disk.write(offset, source);
            }
        }
    }
}
