package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.Used;

/** Rules of rings in either format, from a well-behaved driver's view. */
class VirtQueueTest {
    private static final int SIZE = 64;

    @ParameterizedTest
    @EnumSource
    void chainHasTheSegmentsInOrder(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            List<Segment> segments = List.of(
                    Segment.readable(0x1001, 3),
                    Segment.readable(0x5000, 4096),
                    Segment.writable(0x7777, 1),
                    Segment.writable(0x8000, 0x2000));
            fixture.driver().add(segments);
            fixture.driver().addIndirect(segments);
            fixture.driver().publish();

            for (DescriptorChain chain : fixture.pop(2)) {
                assertThat(chain.readable().count()).isEqualTo(2);
                assertThat(chain.readable().gpa(0)).isEqualTo(0x1001);
                assertThat(chain.readable().lengthBytes(1)).isEqualTo(4096);
                assertThat(chain.writable().gpa(1)).isEqualTo(0x8000);
                assertThat(chain.writable().totalBytes()).isEqualTo(0x2001);
            }
            assertThat(fixture.queue().pop()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void descriptorOfNoBytesAddsNothing(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.driver()
                    .add(List.of(Segment.readable(1L << 62, 0), Segment.readable(0x1000, 5), Segment.writable(-1, 0)));
            fixture.driver().publish();

            DescriptorChain chain = fixture.pop();
            assertThat(chain.readable().count()).isEqualTo(1);
            assertThat(chain.writable().count()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void chainMayFillTheQueueAndATableMayBeLonger(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.driver().add(Collections.nCopies(SIZE, Segment.readable(0x1000, 1)));
            fixture.driver().publish();
            DescriptorChain chain = fixture.pop();
            assertThat(chain.readable().count()).isEqualTo(SIZE);
            fixture.queue().push(chain, 0);
            fixture.queue().publish();
            fixture.driver().await();

            fixture.driver().addIndirect(Collections.nCopies(1024, Segment.readable(0x1000, 1)));
            fixture.driver().publish();
            assertThat(fixture.pop().readable().count()).isEqualTo(1024);
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsSeenBeforeItIsPublished(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            for (int i = 0; i < 3; i++) {
                fixture.offer();
            }
            fixture.pop(3).forEach(chain -> fixture.queue().push(chain, 16));
            assertThat(fixture.driver().poll()).isNull();

            fixture.queue().publish();

            for (int i = 0; i < 3; i++) {
                assertThat(fixture.driver().await().writtenBytes()).isEqualTo(16);
            }
            assertThat(fixture.driver().poll()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void undoneChainsComeAgainInTheirOrder(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, 4)) {
            // Starts at every position, so that undoing goes back over the end of the ring.
            for (int start = 0; start < 8; start++) {
                int first = fixture.driver().add(List.of(fixture.readable(1), fixture.writable(2)));
                int second = fixture.driver().add(List.of(fixture.writable(4)));
                fixture.driver().publish();
                List<DescriptorChain> chains = fixture.pop(2);
                fixture.queue().undoPop(chains.get(1));
                fixture.queue().undoPop(chains.get(0));

                chains = fixture.pop(2);
                assertThat(chains.get(0).writable().totalBytes()).isEqualTo(2);
                fixture.queue().push(chains.get(0), 2);
                fixture.queue().push(chains.get(1), 4);
                fixture.queue().publish();
                assertThat(fixture.driver().await()).isEqualTo(new Used(first, 2));
                assertThat(fixture.driver().await()).isEqualTo(new Used(second, 4));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void undoesOnlyTheLastOne(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.offer();
            fixture.offer();
            List<DescriptorChain> chains = fixture.pop(2);

            assertThatIllegalStateException().isThrownBy(() -> fixture.queue().undoPop(chains.get(0)));
            fixture.queue().push(chains.get(1), 0);
            assertThatIllegalStateException().isThrownBy(() -> fixture.queue().undoPop(chains.get(0)));
            assertThatIllegalStateException().isThrownBy(() -> fixture.queue().undoPop(chains.get(1)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void givesNoChainBackTwice(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.offer();
            DescriptorChain chain = fixture.pop();
            fixture.queue().push(chain, 0);

            assertThatIllegalStateException().isThrownBy(() -> fixture.queue().push(chain, 0));
        }
    }

    @ParameterizedTest
    @EnumSource
    void writesNoMoreThanThereIsRoomFor(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.offer();
            DescriptorChain chain = fixture.pop();

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> fixture.queue().push(chain, 17));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> fixture.queue().push(chain, -1));
            fixture.queue().push(chain, 16);
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesOnOverEveryWrapOfTheIndexes(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, 8)) {
            for (int i = 0; i < 140_000; i++) {
                int id = fixture.driver().add(List.of(fixture.readable(1), fixture.writable(8)));
                fixture.driver().publish();
                DescriptorChain chain = fixture.pop();
                fixture.queue().push(chain, i & 7);
                fixture.queue().publish();
                assertThat(Objects.requireNonNull(fixture.driver().poll())).isEqualTo(new Used(id, i & 7));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void ringMayStraddleTheBuffersOfMemory(Ring ring) {
        long border = QueueFixture.GIB;
        try (QueueFixture fixture = new QueueFixture(
                ring.features(),
                16,
                2 * QueueFixture.GIB,
                place -> new RingPlace(0, 16, border - 128, place.driverGpa(), place.deviceGpa()))) {
            serveSome(fixture);
        }
        if (!ring.packed()) {
            try (QueueFixture fixture = new QueueFixture(
                    ring.features(),
                    16,
                    2 * QueueFixture.GIB,
                    place -> new RingPlace(0, 16, place.descriptorGpa(), border - 20, place.deviceGpa()))) {
                serveSome(fixture);
            }
            try (QueueFixture fixture = new QueueFixture(
                    ring.features(),
                    16,
                    2 * QueueFixture.GIB,
                    place -> new RingPlace(0, 16, place.descriptorGpa(), place.driverGpa(), border - 20))) {
                serveSome(fixture);
            }
        }
    }

    private static void serveSome(QueueFixture fixture) {
        for (int i = 0; i < 100; i++) {
            int id = fixture.offer();
            fixture.queue().push(fixture.pop(), 16);
            fixture.queue().publish();
            assertThat(fixture.driver().poll()).isEqualTo(new Used(id, 16));
        }
    }

    @ParameterizedTest
    @EnumSource
    void segmentThatStraddlesTheBuffersOfMemoryIsTwoStretches(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring.features(), 16, 2 * QueueFixture.GIB, place -> place)) {
            fixture.driver().add(List.of(Segment.readable(QueueFixture.GIB - 5, 12)));
            fixture.driver().publish();

            DescriptorChain chain = fixture.pop();
            IoVector vector = new IoVector(new JnaPosix(), 1);
            chain.readable().vector(vector, 0, 12);
            assertThat(chain.readable().count()).isEqualTo(2);
            assertThat(vector.count()).isEqualTo(2);
            assertThat(vector.segmentBytes(0)).isEqualTo(5);
            assertThat(vector.segmentBytes(1)).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreServedWithoutAllocating(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            List<Segment> segments = List.of(fixture.readable(16), fixture.writable(16));
            long bytes = 0;
            long costOfAsking = -allocated() + allocated();
            for (int i = 0; i < 20_000; i++) {
                fixture.driver().add(segments);
                fixture.driver().addIndirect(segments);
                fixture.driver().publish();
                long before = allocated();
                serveAll(fixture.queue());
                long spent = allocated() - before - costOfAsking;
                // At first, chains are made, and classes loaded.
                bytes += i < 10_000 ? 0 : spent;
                fixture.driver().await();
                fixture.driver().await();
            }
            // Less than a byte for each request: what the runtime itself allocates now and then.
            assertThat(bytes).isLessThan(10_000);
        }
    }

    private static void serveAll(VirtQueue queue) {
        queue.disableNotifications();
        do {
            DescriptorChain chain = queue.pop();
            while (chain != null) {
                queue.push(chain, 16);
                chain = queue.pop();
            }
            queue.publish();
        } while (queue.enableNotifications());
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = ".*IN_ORDER")
    void inOrderOneElementStandsForThoseUsedCompletely(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            int[] ids = {fixture.offer(), fixture.offer(), fixture.offer(), fixture.offer()};
            List<DescriptorChain> chains = fixture.pop(4);
            long ringGpa = ring.packed()
                    ? fixture.driver().setup().descriptorGpa()
                    : fixture.driver().setup().deviceGpa();
            byte[] before = fixture.arena().load(ringGpa + (ring.packed() ? 16 : 12), 16);

            // The last first: it waits. The third is not used completely, and so stands for those before it.
            fixture.queue().push(chains.get(3), 16);
            fixture.queue().push(chains.get(0), 16);
            fixture.queue().push(chains.get(1), 16);
            fixture.queue().push(chains.get(2), 3);
            fixture.queue().publish();

            assertThat(fixture.arena().load(ringGpa + (ring.packed() ? 16 : 12), 16))
                    .as("the element after the first")
                    .isEqualTo(before);
            assertThat(fixture.driver().await()).isEqualTo(new Used(ids[0], 16));
            assertThat(fixture.driver().await()).isEqualTo(new Used(ids[1], 16));
            assertThat(fixture.driver().await()).isEqualTo(new Used(ids[2], 3));
            assertThat(fixture.driver().await()).isEqualTo(new Used(ids[3], 16));
            assertThat(fixture.driver().poll()).isNull();
        }
    }
}
