package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;
import org.kvmbeans.virtio.testdriver.Segment;

/** What a hostile driver may put into rings of either format: all of it is refused, and guest memory stays as it was. */
class HostileRingTest {
    private static final int SIZE = 64;

    /** Builds a ring with {@code attack} in it, and expects that taking it is refused for the reason given. */
    static void refuses(Ring ring, String reason, Consumer<QueueFixture> attack) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            attack.accept(fixture);
            fixture.driver().publish();
            byte[] before = fixture.everything();

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining(reason);
            assertThatThrownBy(fixture.queue()::pop).as("asked again").isInstanceOf(VirtQueueException.class);
            assertThat(fixture.everything()).isEqualTo(before);
        }
    }

    private static void refusesSparse(Ring ring, String reason, Consumer<QueueFixture> attack) {
        try (QueueFixture fixture =
                new QueueFixture(ring.features(), SIZE, 2 * QueueFixture.GIB, UnaryOperator.identity())) {
            attack.accept(fixture);
            fixture.driver().publish();

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining(reason);
        }
    }

    private static void refusesPlace(Ring ring, String reason, long memoryBytes, UnaryOperator<RingPlace> place) {
        assertThatThrownBy(() -> new QueueFixture(ring.features(), SIZE, memoryBytes, place))
                .isInstanceOf(VirtQueueException.class)
                .hasMessageContaining(reason);
    }

    private static RingPlace withDescriptors(RingPlace place, long gpa) {
        return new RingPlace(0, place.size(), gpa, place.driverGpa(), place.deviceGpa());
    }

    private static RingPlace withDriver(RingPlace place, long gpa) {
        return new RingPlace(0, place.size(), place.descriptorGpa(), gpa, place.deviceGpa());
    }

    private static RingPlace withDevice(RingPlace place, long gpa) {
        return new RingPlace(0, place.size(), place.descriptorGpa(), place.driverGpa(), gpa);
    }

    private static RingPlace sized(RingPlace place, int size) {
        return new RingPlace(0, size, place.descriptorGpa(), place.driverGpa(), place.deviceGpa());
    }

    @ParameterizedTest
    @EnumSource
    void ringOutsideRam(Ring ring) {
        for (long gpa : new long[] {QueueFixture.MIB, QueueFixture.MIB - 2, 1L << 62, -4096, Long.MIN_VALUE}) {
            refusesPlace(ring, "not all RAM", QueueFixture.MIB, place -> withDescriptors(place, gpa));
            refusesPlace(ring, "not all RAM", QueueFixture.MIB, place -> withDriver(place, gpa));
            refusesPlace(ring, "not all RAM", QueueFixture.MIB, place -> withDevice(place, gpa));
        }
    }

    @ParameterizedTest
    @EnumSource
    void ringThatReachesIntoTheHoleForDevices(Ring ring) {
        long hole = 3 * QueueFixture.GIB;
        refusesPlace(ring, "not all RAM", 5 * QueueFixture.GIB, place -> withDescriptors(place, hole - 16));
    }

    @ParameterizedTest
    @EnumSource
    void ringThatIsNotAligned(Ring ring) {
        refusesPlace(ring, "not aligned to 16", QueueFixture.MIB, place -> withDescriptors(place, 0x8008));
        refusesPlace(ring, "not aligned", QueueFixture.MIB, place -> withDriver(place, 0x8001));
        refusesPlace(ring, "not aligned to 4", QueueFixture.MIB, place -> withDevice(place, 0x8002));
    }

    @ParameterizedTest
    @EnumSource
    void impossibleSize(Ring ring) {
        for (int size : new int[] {0, -1, 1 << 16, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> open(ring, size))
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("entries");
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyPackedRingsHaveSizesThatAreNoPowerOfTwo(Ring ring) {
        if (ring.packed()) {
            open(ring, 100);
        } else {
            assertThatThrownBy(() -> open(ring, 100))
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("power of two");
        }
    }

    /** The driver's side is made with a size that it can have. */
    private static void open(Ring ring, int size) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            RingPlace place = sized(DriverQueue.place(fixture.memory(), fixture.arena(), 0, 128), size);
            var setup = fixture.driver().setup();
            VirtQueues.open(
                    QueueFixture.context(fixture.memory(), ring.features()),
                    new org.kvmbeans.virtio.spi.QueueSetup(
                            0,
                            size,
                            place.descriptorGpa(),
                            place.driverGpa(),
                            place.deviceGpa(),
                            setup.kick(),
                            setup.interrupt()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void descriptorOutsideRam(Ring ring) {
        for (long gpa : new long[] {QueueFixture.MIB, QueueFixture.MIB - 15, 3 * QueueFixture.GIB, 1L << 63}) {
            refuses(ring, "not all RAM", fixture -> fixture.driver().add(List.of(Segment.readable(gpa, 16))));
            refuses(ring, "not all RAM", fixture -> fixture.driver().add(List.of(Segment.writable(gpa, 16))));
        }
    }

    @ParameterizedTest
    @EnumSource
    void lengthThatOverflowsTheAddress(Ring ring) {
        refuses(ring, "not all RAM", fixture -> fixture.driver().add(List.of(Segment.writable(-16, 0xFFFF_FFFFL))));
        refuses(ring, "not all RAM", fixture -> fixture.driver().add(List.of(Segment.writable(0x1000, 0xFFFF_FFFFL))));
        refuses(ring, "not all RAM", fixture -> fixture.driver().add(List.of(Segment.writable(-1, 2))));
    }

    @ParameterizedTest
    @EnumSource
    void readableDescriptorAfterWritable(Ring ring) {
        refuses(
                ring,
                "readable descriptor after a writable one",
                fixture -> fixture.driver().add(List.of(fixture.writable(16), fixture.readable(16))));
        refuses(
                ring,
                "readable descriptor after a writable one",
                fixture -> fixture.driver().add(List.of(Segment.writable(0, 0), fixture.readable(16))));
    }

    @ParameterizedTest
    @EnumSource
    void indirectInIndirect(Ring ring) {
        refuses(ring, "indirect descriptor in an indirect table", fixture -> {
            long inner = fixture.arena().allocate(16);
            long outer = fixture.arena().allocate(16);
            fixture.driver().putDescriptor(outer, 0, inner, 16, DriverQueue.INDIRECT, 0);
            fixture.driver().addRaw(outer, 16, DriverQueue.INDIRECT);
        });
    }

    @ParameterizedTest
    @EnumSource
    void indirectWithNext(Ring ring) {
        refuses(
                ring,
                "indirect descriptor with a next one",
                fixture -> fixture.driver()
                        .addRaw(fixture.arena().allocate(16), 16, DriverQueue.INDIRECT | DriverQueue.NEXT));
    }

    @ParameterizedTest
    @EnumSource
    void indirectThatWasNotNegotiated(Ring ring) {
        long features = ring.features() & ~VirtioFeatures.INDIRECT_DESCRIPTORS;
        try (QueueFixture fixture = new QueueFixture(features, SIZE, QueueFixture.MIB, UnaryOperator.identity())) {
            fixture.driver().addIndirect(List.of(fixture.readable(16)));
            fixture.driver().publish();

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("not negotiated");
        }
    }

    @ParameterizedTest
    @EnumSource
    void indirectTableOfImpossibleLength(Ring ring) {
        for (long bytes : new long[] {0, 1, 15, 17, 0xFFFF_FFFFL}) {
            refuses(
                    ring,
                    "an indirect table of " + bytes + " bytes",
                    fixture -> fixture.driver().addRaw(0x1000, bytes, DriverQueue.INDIRECT));
        }
        refuses(ring, "at most 1024", fixture -> fixture.driver().addRaw(0x1000, 1025 * 16, DriverQueue.INDIRECT));
        refuses(ring, "at most 1024", fixture -> fixture.driver().addRaw(0x1000, 0xFFFF_FFF0L, DriverQueue.INDIRECT));
    }

    @ParameterizedTest
    @EnumSource
    void indirectTableOutsideRam(Ring ring) {
        for (long gpa : new long[] {QueueFixture.MIB, QueueFixture.MIB - 16, -16, 1L << 63}) {
            refuses(ring, "which is not all RAM", fixture -> fixture.driver().addRaw(gpa, 32, DriverQueue.INDIRECT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void chainOfMoreThanFourGibibytes(Ring ring) {
        Segment gibibyte = Segment.readable(0, QueueFixture.GIB);
        refusesSparse(
                ring,
                "more than 2^32 bytes",
                fixture ->
                        fixture.driver().add(List.of(gibibyte, gibibyte, gibibyte, gibibyte, Segment.readable(0, 1))));
    }

    @ParameterizedTest
    @EnumSource
    void chainOfMoreStretchesThanOneSystemCallTakes(Ring ring) {
        // Each straddles two of the memory's buffers, and is two stretches.
        Segment straddling = Segment.readable(QueueFixture.GIB - 1, 2);
        refusesSparse(
                ring,
                "more than 1024 stretches",
                fixture -> fixture.driver().addIndirect(Collections.nCopies(1024, straddling)));
    }
}
