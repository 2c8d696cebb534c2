package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kvmbeans.virtio.queue.HostileRingTest.refuses;
import static org.kvmbeans.virtio.queue.Ring.SPLIT;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.testdriver.DriverQueue;

/** What a hostile driver may put into a split ring alone. */
class HostileSplitRingTest {
    private static void put(QueueFixture fixture, int entry, int flags, int next) {
        fixture.driver().putDescriptor(fixture.driver().setup().descriptorGpa(), entry, 0x1000, 1, flags, next);
    }

    @Test
    void descriptorLoop() {
        refuses(SPLIT, "or a loop", fixture -> {
            put(fixture, 0, DriverQueue.NEXT, 1);
            put(fixture, 1, DriverQueue.NEXT, 0);
            fixture.split().offerRaw(0);
        });
    }

    @Test
    void descriptorThatIsItsOwnNext() {
        refuses(SPLIT, "or a loop", fixture -> {
            put(fixture, 5, DriverQueue.NEXT, 5);
            fixture.split().offerRaw(5);
        });
    }

    @Test
    void descriptorLoopInAnIndirectTable() {
        refuses(SPLIT, "or a loop", fixture -> {
            long table = fixture.arena().allocate(32);
            fixture.driver().putDescriptor(table, 0, 0x1000, 1, DriverQueue.NEXT, 1);
            fixture.driver().putDescriptor(table, 1, 0x1000, 1, DriverQueue.NEXT, 0);
            fixture.driver().addRaw(table, 32, DriverQueue.INDIRECT);
        });
    }

    @Test
    void nextBeyondTheTable() {
        refuses(SPLIT, "descriptor 64 of a table of 64", fixture -> {
            put(fixture, 0, DriverQueue.NEXT, 64);
            fixture.split().offerRaw(0);
        });
        refuses(SPLIT, "descriptor 65535 of a table of 64", fixture -> {
            put(fixture, 0, DriverQueue.NEXT, 0xFFFF);
            fixture.split().offerRaw(0);
        });
    }

    @Test
    void nextBeyondAnIndirectTable() {
        refuses(SPLIT, "descriptor 2 of a table of 2", fixture -> {
            long table = fixture.arena().allocate(64);
            fixture.driver().putDescriptor(table, 0, 0x1000, 1, DriverQueue.NEXT, 2);
            fixture.driver().addRaw(table, 32, DriverQueue.INDIRECT);
        });
    }

    @Test
    void headBeyondTheTable() {
        refuses(
                SPLIT,
                "descriptor 64 of a table of 64",
                fixture -> fixture.split().offerRaw(64));
        refuses(
                SPLIT,
                "descriptor 65535 of a table of 64",
                fixture -> fixture.split().offerRaw(0xFFFF));
    }

    @Test
    void availableIndexThatJumpsAhead() {
        assertRefusesIndex(65);
        assertRefusesIndex(0x8000);
    }

    @Test
    void availableIndexThatGoesBack() {
        assertRefusesIndex(0xFFFF);
    }

    private static void assertRefusesIndex(int index) {
        try (QueueFixture fixture = new QueueFixture(SPLIT, 64)) {
            fixture.split().putAvailableIndex(index);

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("index jumped from 0 to " + index);
        }
    }

    @Test
    void headThatIsAlreadyOut() {
        try (QueueFixture fixture = new QueueFixture(SPLIT, 64)) {
            int head = fixture.offer();
            fixture.pop();
            fixture.split().offerRaw(head);
            fixture.driver().publish();

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("made available again before it was used");
        }
    }

    @Test
    void chainOfMoreThanTheMostDescriptors() {
        refuses(SPLIT, "more than 1024 descriptors", fixture -> {
            long table = fixture.arena().allocate(1024 * 16);
            for (int i = 0; i < 1024; i++) {
                fixture.driver().putDescriptor(table, i, 0x1000, 1, i == 1023 ? 0 : DriverQueue.NEXT, i + 1);
            }
            put(fixture, 1, DriverQueue.NEXT, 2);
            long descriptors = fixture.driver().setup().descriptorGpa();
            fixture.driver().putDescriptor(descriptors, 2, table, 1024 * 16, DriverQueue.INDIRECT, 0);
            fixture.split().offerRaw(1);
        });
    }

    @Test
    void directDescriptorsMayLeadToATable() {
        try (QueueFixture fixture = new QueueFixture(SPLIT, 64)) {
            long table = fixture.arena().allocate(16);
            fixture.driver().putDescriptor(table, 0, 0x2000, 7, DriverQueue.WRITE, 0);
            put(fixture, 0, DriverQueue.NEXT, 1);
            fixture.driver()
                    .putDescriptor(fixture.driver().setup().descriptorGpa(), 1, table, 16, DriverQueue.INDIRECT, 0);
            fixture.split().offerRaw(0);
            fixture.driver().publish();

            DescriptorChain chain = fixture.pop();
            org.assertj.core.api.Assertions.assertThat(List.of(
                            chain.readable().totalBytes(), chain.writable().totalBytes()))
                    .containsExactly(1L, 7L);
        }
    }
}
