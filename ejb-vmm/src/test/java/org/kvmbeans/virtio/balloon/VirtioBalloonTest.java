package org.kvmbeans.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kvmbeans.virtio.balloon.VirtioBalloon.PAGE_POISON;
import static org.kvmbeans.virtio.balloon.VirtioBalloon.PAGE_REPORTING;
import static org.kvmbeans.virtio.balloon.VirtioBalloon.STATISTICS_QUEUE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.TestLoop;

/** Rules of the memory balloon (virtio 1.2, 5.5). */
class VirtioBalloonTest {
    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;
    private static final int STATISTICS = 2;
    private static final int PAGE = 4096;
    private static final long MEMORY = 16L << 20;
    /** Pages of the guest's upper half, which the harness does not reach. */
    private static final long FIRST = MEMORY / 2;

    private final TestLoop loop = new TestLoop();
    private final List<QueueCounters> queueCounters =
            Stream.generate(QueueCounters::new).limit(VirtioBalloon.QUEUES).toList();
    private final BalloonCounters counters = new BalloonCounters();
    private final VirtioBalloon balloon = new VirtioBalloon(loop.loop(), MEMORY, queueCounters, counters);

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private DeviceHarness start(boolean packed) {
        return DeviceHarness.of(balloon).memoryBytes(MEMORY).packed(packed).start();
    }

    private static byte[] list(long... gpas) {
        ByteBuffer list = ByteBuffer.allocate(gpas.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(gpas).forEach(gpa -> list.putInt((int) (gpa / PAGE)));
        return list.array();
    }

    private static void fill(GuestMemory memory, long gpa, int pages) {
        byte[] bytes = new byte[PAGE];
        Arrays.fill(bytes, (byte) 0x5A);
        for (int i = 0; i < pages; i++) {
            memory.write(gpa + (long) i * PAGE, bytes, 0, PAGE);
        }
    }

    private static void putConfig(VirtioBalloon device, int offset, long value) {
        device.writeConfig(offset, Integer.BYTES, value);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void inflatingGivesPagesToTheHost(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            fill(harness.memory(), FIRST, 8);
            long before = harness.memory().residentBytes();

            harness.queue(INFLATE).request(list(FIRST + 5 * PAGE, FIRST + PAGE, FIRST + 2 * PAGE, FIRST + PAGE), 0);

            assertThat(harness.memory().residentBytes()).isLessThanOrEqualTo(before - 2 * PAGE);
            for (int page = 0; page < 8; page++) {
                boolean given = page == 1 || page == 2 || page == 5;
                assertThat(harness.memory().getByte(FIRST + (long) page * PAGE)).isEqualTo((byte) (given ? 0 : 0x5A));
            }
            assertThat(counters.inflatedBytesTotal()).isEqualTo(3 * PAGE);
            assertThat(queueCounters.get(INFLATE).errorsTotal()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void deflatingNeedsNothingButAnAnswer(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            fill(harness.memory(), FIRST, 1);

            harness.queue(DEFLATE).request(list(FIRST, FIRST + PAGE), 0);

            assertThat(harness.memory().getByte(FIRST)).isEqualTo((byte) 0x5A);
            assertThat(counters.deflatedBytesTotal()).isEqualTo(2 * PAGE);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void framesOutsideRamAreCountedAndLeftOut(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            fill(harness.memory(), FIRST, 1);

            harness.queue(INFLATE).request(list(MEMORY, FIRST, GuestMemory.HOLE_START, 0xFFFF_FFFFL * PAGE), 0);
            harness.queue(DEFLATE).request(list(MEMORY), 0);

            assertThat(counters.refusedFramesTotal()).isEqualTo(4);
            assertThat(counters.inflatedBytesTotal()).isEqualTo(PAGE);
            assertThat(harness.memory().getByte(FIRST)).isZero();
            assertThat(queueCounters.get(INFLATE).errorsTotal()).isEqualTo(1);
            assertThat(queueCounters.get(DEFLATE).errorsTotal()).isEqualTo(1);
            assertThat(harness.resets()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anIncompleteFrameIsLeftOut(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            harness.queue(INFLATE).request(Arrays.copyOf(list(FIRST, FIRST + PAGE), 7), 0);
            harness.queue(INFLATE).request(new byte[0], 64);

            assertThat(counters.inflatedBytesTotal()).isEqualTo(PAGE);
            assertThat(counters.refusedFramesTotal()).isEqualTo(1);
        }
    }

    @Test
    void aHugeListIsReadUpToALimit() {
        try (DeviceHarness harness = start(false)) {
            long[] frames = new long[PageFrames.MAX_FRAMES + 100];
            Arrays.fill(frames, FIRST);
            byte[] list = list(frames);
            long gpa = harness.arena().store(list);
            List<Segment> chain = new ArrayList<>();
            int piece = list.length / 64;
            for (int at = 0; at < list.length; at += piece) {
                chain.add(Segment.readable(gpa + at, Math.min(piece, list.length - at)));
            }
            harness.queue(INFLATE).submit(chain);
            harness.queue(INFLATE).await();

            assertThat(counters.refusedFramesTotal()).isEqualTo(100);
        }
    }

    @Test
    void pagesOnBothSidesOfTheHoleAreFound() {
        long memory = 5L << 30;
        VirtioBalloon large = new VirtioBalloon(loop.loop(), memory, queueCounters, counters);
        try (DeviceHarness harness = DeviceHarness.of(large).memoryBytes(memory).start()) {
            fill(harness.memory(), GuestMemory.HOLE_START - PAGE, 1);
            fill(harness.memory(), GuestMemory.HOLE_END, 2);

            harness.queue(INFLATE).request(list(GuestMemory.HOLE_END, GuestMemory.HOLE_START - PAGE), 0);

            assertThat(harness.memory().getByte(GuestMemory.HOLE_START - PAGE)).isZero();
            assertThat(harness.memory().getByte(GuestMemory.HOLE_END)).isZero();
            assertThat(harness.memory().getByte(GuestMemory.HOLE_END + PAGE)).isEqualTo((byte) 0x5A);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4})
    void reportedPagesGoToTheHostThroughEitherQueue(int queue) {
        try (DeviceHarness harness = start(false)) {
            fill(harness.memory(), FIRST, 4);
            // Less than a page at either end stays.
            report(harness, queue, Segment.writable(FIRST + 1, 3 * PAGE));

            assertThat(harness.memory().getByte(FIRST + PAGE - 1)).isEqualTo((byte) 0x5A);
            assertThat(harness.memory().getByte(FIRST + PAGE)).isZero();
            assertThat(harness.memory().getByte(FIRST + 3 * PAGE - 1)).isZero();
            assertThat(harness.memory().getByte(FIRST + 3 * PAGE)).isEqualTo((byte) 0x5A);
            assertThat(counters.reportedBytesTotal()).isEqualTo(2 * PAGE);
        }
    }

    private static void report(DeviceHarness harness, int queue, Segment... pages) {
        harness.queue(queue).submit(List.of(pages));
        harness.queue(queue).await();
    }

    @Test
    void withoutStatisticsTheirQueueReports() {
        try (DeviceHarness harness = DeviceHarness.of(balloon)
                .memoryBytes(MEMORY)
                .without(STATISTICS_QUEUE)
                .start()) {
            fill(harness.memory(), FIRST, 1);
            report(harness, STATISTICS, Segment.writable(FIRST, PAGE));

            assertThat(harness.memory().getByte(FIRST)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xAA, 0xAAAA_AAAAL})
    void reportedPagesKeepTheGuestsPoison(long poison) {
        try (DeviceHarness harness = start(false)) {
            fill(harness.memory(), FIRST, 1);
            putConfig(balloon, 12, poison);

            report(harness, 3, Segment.writable(FIRST, PAGE));

            assertThat(harness.memory().getByte(FIRST)).isEqualTo((byte) (poison == 0 ? 0 : 0x5A));
        }
    }

    @Test
    void poisonThatWasNotNegotiatedCountsForNothing() {
        try (DeviceHarness harness = DeviceHarness.of(balloon)
                .memoryBytes(MEMORY)
                .without(PAGE_POISON)
                .start()) {
            fill(harness.memory(), FIRST, 1);
            putConfig(balloon, 12, 0xAA);

            report(harness, 3, Segment.writable(FIRST, PAGE));

            assertThat(harness.memory().getByte(FIRST)).isZero();
        }
    }

    @Test
    void nothingIsTakenFromADriverThatDoesNotReport() {
        try (DeviceHarness harness = DeviceHarness.of(balloon)
                .memoryBytes(MEMORY)
                .without(PAGE_REPORTING)
                .start()) {
            fill(harness.memory(), FIRST, 1);
            report(harness, 3, Segment.writable(FIRST, PAGE));

            assertThat(harness.memory().getByte(FIRST)).isEqualTo((byte) 0x5A);
        }
    }

    @Test
    void aTargetChangesTheConfiguration() {
        try (DeviceHarness harness = start(false)) {
            balloon.setTargetBytes(5 * PAGE + 1);

            assertThat(harness.configChanges()).isEqualTo(1);
            assertThat(balloon.readConfig(0, 4)).isEqualTo(5);
            assertThat(balloon.targetBytes()).isEqualTo(5 * PAGE);
            putConfig(balloon, 4, 4);
            assertThat(balloon.actualBytes()).isEqualTo(4 * PAGE);

            harness.restart();

            assertThat(balloon.targetBytes()).isEqualTo(5 * PAGE);
            assertThat(balloon.actualBytes()).isZero();
        }
    }

    @Test
    void whatTheGuestSaysIsBoundedByItsMemory() {
        putConfig(balloon, 4, 0xFFFF_FFFFL);

        assertThat(balloon.actualBytes()).isEqualTo(MEMORY);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, MEMORY + 1, Long.MAX_VALUE})
    void refusesTargetsThatCannotBe(long bytes) {
        assertThatThrownBy(() -> balloon.setTargetBytes(bytes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 to " + MEMORY);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 99, 86_400_001})
    void refusesPeriodsThatCannotBe(long millis) {
        assertThatThrownBy(() -> balloon.setStatisticsPeriodMillis(millis))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("100 to 86400000");
    }

    private static byte[] statistics(long free) {
        return ByteBuffer.allocate(2 * BalloonStatistics.ENTRY_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) BalloonStatistic.FREE_BYTES.tag())
                .putLong(free)
                .putShort((short) 99)
                .putLong(1)
                .array();
    }

    private void submitStatistics(DriverQueue queue, long free) {
        queue.submit(queue.segments(statistics(free), 0));
        Await.until("statistics arrive", () -> {
            BalloonStatistics latest = balloon.statistics();
            return latest != null && latest.value(BalloonStatistic.FREE_BYTES).orElse(-1) == free;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void statisticsComeWhenAskedFor(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            DriverQueue queue = harness.queue(STATISTICS);
            assertThat(balloon.statistics()).isNull();
            long before = System.currentTimeMillis();
            submitStatistics(queue, 1000);
            loop.settle();
            assertThat(queue.poll()).isNull();

            balloon.requestStatistics();
            balloon.requestStatistics();
            queue.await();
            submitStatistics(queue, 2000);

            BalloonStatistics latest = Objects.requireNonNull(balloon.statistics());
            assertThat(latest.takenAtMillis()).isBetween(before, System.currentTimeMillis());
            loop.settle();
            assertThat(queue.poll()).isNull();
        }
    }

    @Test
    void statisticsComePeriodically() {
        try (DeviceHarness harness = start(false)) {
            DriverQueue queue = harness.queue(STATISTICS);
            balloon.setStatisticsPeriodMillis(VirtioBalloon.MIN_STATISTICS_MILLIS);
            for (int round = 1; round <= 3; round++) {
                submitStatistics(queue, round);
                queue.await();
            }
            balloon.setStatisticsPeriodMillis(0);
            loop.settle();
            submitStatistics(queue, 4);
            assertThat(queue.poll()).isNull();
        }
    }

    @Test
    void aSecondStatisticsBufferFreesTheFirst() {
        try (DeviceHarness harness = start(false)) {
            DriverQueue queue = harness.queue(STATISTICS);
            int first = queue.submit(queue.segments(statistics(1), 0));
            submitStatistics(queue, 2);

            assertThat(queue.await().id()).isEqualTo(first);
            loop.settle();
            assertThat(queue.poll()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 11, 100_000})
    void statisticsOfAnyLengthAreTaken(int length) {
        try (DeviceHarness harness = start(false)) {
            DriverQueue queue = harness.queue(STATISTICS);
            queue.submit(queue.segments(new byte[length], length == 0 ? 8 : 0));

            Await.until("statistics arrive", () -> balloon.statistics() != null);

            assertThat(harness.resets()).isEmpty();
        }
    }

    @Test
    void aResetForgetsTheStatisticsBuffer() {
        try (DeviceHarness harness = start(false)) {
            submitStatistics(harness.queue(STATISTICS), 1);

            harness.restart();
            balloon.requestStatistics();
            loop.settle();

            assertThat(balloon.statistics()).isNull();
            submitStatistics(harness.queue(STATISTICS), 2);
            balloon.requestStatistics();
            harness.queue(STATISTICS).await();
            assertThat(harness.resets()).isEmpty();
        }
    }

    @Test
    void aReportOutsideRamNeedsAReset() {
        try (DeviceHarness harness = start(false)) {
            harness.queue(3).submit(List.of(Segment.writable(MEMORY, PAGE)));

            assertThat(harness.awaitReset()).contains("not all RAM");
        }
    }
}
