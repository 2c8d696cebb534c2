package org.kvmbeans.virtio.rng;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.TestLoop;
import org.kvmbeans.virtio.testdriver.Used;

/** Rules of the entropy device (virtio 1.2, 5.4). */
class VirtioRngTest {
    private final JnaPosix posix = new JnaPosix();
    private final TestLoop loop = new TestLoop();
    private final QueueCounters counters = new QueueCounters();
    private final AtomicLong nanos = new AtomicLong();
    private final RateLimiter limiter = new RateLimiter(nanos::get);

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private VirtioRng device(EntropySource source) {
        return new VirtioRng(posix, loop.loop(), source, limiter, counters);
    }

    private DeviceHarness start(boolean packed) {
        return DeviceHarness.of(device(new KernelEntropy(posix))).packed(packed).start();
    }

    /** A source that fills all with the number of the request, from 1 on. */
    private static EntropySource counting() {
        AtomicInteger calls = new AtomicInteger();
        return target -> {
            int call = calls.incrementAndGet();
            for (int i = 0; i < target.count(); i++) {
                for (int at = 0; at < target.segmentBytes(i); at++) {
                    target.segment(i).put(at, (byte) call);
                }
            }
            return target.totalBytes();
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fillsWhatItIsGiven(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            byte[] bytes = harness.queue(0).request(new byte[0], 4096);

            assertThat(bytes).hasSize(4096);
            assertThat(counters.requestsTotal()).isEqualTo(1);
            assertThat(counters.bytesToGuest()).isEqualTo(4096);
            assertThat(harness.queue(0).request(new byte[0], 4096)).isNotEqualTo(bytes);
            assertThat(harness.resets()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void answersALargeRequestInPart(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            int asked = 3 * (int) VirtioRng.MAX_REQUEST_BYTES;

            assertThat(harness.queue(0).request(new byte[0], asked)).hasSize((int) VirtioRng.MAX_REQUEST_BYTES);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void completesABufferWithoutRoom(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            assertThat(harness.queue(0).request(new byte[16], 0)).isEmpty();
            assertThat(counters.errorsTotal()).isEqualTo(1);
            assertThat(harness.queue(0).request(new byte[0], 8)).hasSize(8);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void servesAChainOfManyOddPieces(boolean packed) {
        try (DeviceHarness harness =
                DeviceHarness.of(device(counting())).packed(packed).start()) {
            List<Segment> pieces = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                pieces.add(Segment.writable(harness.arena().allocate(7), 7));
            }
            DriverQueue queue = harness.queue(0);
            queue.submit(pieces);
            Used used = queue.await();

            assertThat(used.writtenBytes()).isEqualTo(64 * 7);
            assertThat(queue.written(pieces, used)).containsOnly(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void memoryThatIsNotRamNeedsAReset(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            harness.queue(0).submit(List.of(Segment.writable(harness.memory().sizeBytes() - 8, 16)));

            assertThat(harness.awaitReset()).contains("not all RAM");
        }
    }

    @Test
    void aLimiterMakesRequestsWait() {
        limiter.limit(new RateLimits(1000, 0, 0, 0));
        try (DeviceHarness harness = start(false)) {
            DriverQueue queue = harness.queue(0);
            assertThat(queue.request(new byte[0], 1500)).hasSize(1500);
            queue.submit(queue.segments(new byte[0], 10));
            harness.await("the request is throttled", () -> counters.throttledNanos() > 0);
            loop.settle();
            assertThat(queue.poll()).isNull();

            nanos.addAndGet(1_000_000_000L);

            assertThat(queue.await().writtenBytes()).isEqualTo(10);
        }
    }

    @Test
    void waitsForEntropyThatIsNotThereYet() {
        AtomicInteger calls = new AtomicInteger();
        EntropySource late = target -> calls.incrementAndGet() < 3 ? 0 : target.totalBytes();
        try (DeviceHarness harness = DeviceHarness.start(device(late))) {
            assertThat(harness.queue(0).request(new byte[0], 32)).hasSize(32);
            assertThat(calls).hasValue(3);
        }
    }

    @Test
    void aHostWithoutEntropyNeedsAReset() {
        EntropySource none = target -> -Errno.EINVAL;
        try (DeviceHarness harness = DeviceHarness.start(device(none))) {
            harness.queue(0).submit(harness.queue(0).segments(new byte[0], 32));

            assertThat(harness.awaitReset()).contains("getrandom").contains("EINVAL");
        }
    }

    @Test
    void aResetWhileRequestsWaitForgetsThem() {
        List<IoVector> targets = Collections.synchronizedList(new ArrayList<>());
        EntropySource never = target -> {
            targets.add(target);
            return 0;
        };
        try (DeviceHarness harness = DeviceHarness.start(device(never))) {
            harness.queue(0).submit(harness.queue(0).segments(new byte[0], 32));
            Await.until("the source is asked", () -> !targets.isEmpty());

            harness.restart();

            assertThat(harness.resets()).isEmpty();
            targets.clear();
            harness.queue(0).submit(harness.queue(0).segments(new byte[0], 32));
            Await.until("the source is asked again", () -> !targets.isEmpty());
        }
    }

    @Test
    void theConfigurationSpaceIsEmpty() {
        VirtioRng device = device(counting());
        device.writeConfig(0, 4, 7);

        assertThat(device.configBytes()).isZero();
        assertThat(device.readConfig(0, 8)).isZero();
        assertThat(device.type()).isEqualTo(4);
    }
}
