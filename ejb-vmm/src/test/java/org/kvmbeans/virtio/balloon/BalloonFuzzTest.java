package org.kvmbeans.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.VirtQueue;
import org.kvmbeans.virtio.queue.VirtQueues;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.Arena;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Mutations;
import org.kvmbeans.virtio.testdriver.Segment;

/** Statistics and lists of page frames of any content: what comes out is within the guest's RAM and within range. */
class BalloonFuzzTest {
    private static final long MEMORY_BYTES = GuestMemory.HOLE_START + (1L << 30);
    private static final long LIST_GPA = 1 << 20;
    private static final int LIST_BYTES = 1 << 16;
    private static final int PAGE = (int) GuestMemory.PAGE_BYTES;

    private static final JnaPosix POSIX = new JnaPosix();
    private static final GuestMemory MEMORY = GuestMemory.allocate(POSIX, "balloon-fuzz", MEMORY_BYTES);
    private static final DriverQueue DRIVER =
            DriverQueue.create(POSIX, MEMORY, new Arena(MEMORY, PAGE, LIST_GPA), 0, 16, VirtioFeatures.VERSION_1);
    private static final VirtQueue QUEUE = VirtQueues.open(context(), DRIVER.setup());

    private static DeviceContext context() {
        return new DeviceContext() {
            @Override
            public GuestMemory memory() {
                return MEMORY;
            }

            @Override
            public long features() {
                return VirtioFeatures.VERSION_1;
            }

            @Override
            public @Nullable QueueSetup queue(int index) {
                return DRIVER.setup();
            }

            @Override
            public void configChanged() {}

            @Override
            public void needsReset(String why) {}
        };
    }

    static void statistics(byte[] input) {
        BalloonStatistics statistics = BalloonStatistics.parse(input, input.length, 1);

        assertThat(statistics.values().values()).allMatch(value -> value >= 0);
        assertThat(statistics.values().size()).isLessThanOrEqualTo(input.length / BalloonStatistics.ENTRY_BYTES);
    }

    static void frames(byte[] input) {
        int length = Math.min(input.length, LIST_BYTES);
        MEMORY.write(LIST_GPA, input, 0, length);
        DRIVER.add(List.of(Segment.readable(LIST_GPA, length)));
        DRIVER.publish();
        DescriptorChain chain = Objects.requireNonNull(QUEUE.pop());
        AtomicLong pages = new AtomicLong();
        long refused = new PageFrames().forEachRun(chain.readable(), MEMORY, (gpa, bytes) -> {
            assertThat(bytes > 0 && gpa % PAGE == 0 && bytes % PAGE == 0).isTrue();
            assertThat(MEMORY.contains(gpa, bytes)).isTrue();
            pages.addAndGet(bytes / PAGE);
        });
        assertThat(pages.get() + refused).isLessThanOrEqualTo((length + 3) / Integer.BYTES);
        QUEUE.push(chain, 0);
        QUEUE.publish();
        assertThat(DRIVER.poll()).isNotNull();
    }

    private static byte[] goodStatistics() {
        ByteBuffer buffer = ByteBuffer.allocate(BalloonStatistic.values().length * BalloonStatistics.ENTRY_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (BalloonStatistic statistic : BalloonStatistic.values()) {
            buffer.putShort((short) statistic.tag()).putLong(1L << statistic.tag());
        }
        return buffer.array();
    }

    private static byte[] goodFrames(int... frames) {
        ByteBuffer buffer = ByteBuffer.allocate(frames.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int frame : frames) {
            buffer.putInt(frame);
        }
        return buffer.array();
    }

    @Test
    void mutationsOfStatistics() {
        Mutations.run(List.of(goodStatistics()), 20_000, BalloonFuzzTest::statistics);
    }

    @Test
    void mutationsOfFrames() {
        int aroundTheHole = (int) (GuestMemory.HOLE_START / PAGE);
        Mutations.run(
                List.of(
                        goodFrames(5, 4, 3, 2, 2, 9, 0x10_0000),
                        goodFrames(aroundTheHole - 1, aroundTheHole, 0xF_FFFF, 0x10_0000, 0x13_FFFF, 0x14_0000)),
                20_000,
                BalloonFuzzTest::frames);
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        statistics(input);
        frames(input);
    }
}
