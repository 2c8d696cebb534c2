package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kvmbeans.virtio.queue.HostileRingTest.refuses;
import static org.kvmbeans.virtio.queue.Ring.PACKED;

import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.testdriver.DriverQueue;

/** What a hostile driver may put into a packed ring alone. */
class HostilePackedRingTest {
    @Test
    void chainThatNeverEnds() {
        refuses(PACKED, "longer than the queue", fixture -> {
            for (int i = 0; i < 64; i++) {
                fixture.packed().putNext(0x1000, 1, 0, DriverQueue.NEXT);
            }
        });
    }

    @Test
    void moreDescriptorsThanTheRingHas() {
        try (QueueFixture fixture = new QueueFixture(PACKED, 64)) {
            for (int i = 0; i < 64; i++) {
                fixture.offer();
            }
            fixture.pop(64);
            fixture.packed().putNext(0x1000, 1, 0, 0);
            fixture.driver().publish();

            assertThatThrownBy(fixture.queue()::pop)
                    .isInstanceOf(VirtQueueException.class)
                    .hasMessageContaining("more descriptors made available");
        }
    }

    @Test
    void anyBufferIdIsGivenBackAsItCame() {
        try (QueueFixture fixture = new QueueFixture(PACKED, 64)) {
            fixture.packed().putNext(0x1000, 1, 0xABCD, 0);
            fixture.driver().publish();

            fixture.queue().push(fixture.pop(), 0);
            fixture.queue().publish();

            long descriptor = fixture.driver().setup().descriptorGpa();
            assertThat(fixture.memory().getShort(descriptor + 12)).isEqualTo((short) 0xABCD);
        }
    }

    @Test
    void flagsInATableOtherThanWriteMeanNothing() {
        try (QueueFixture fixture = new QueueFixture(PACKED, 64)) {
            long table = fixture.arena().allocate(32);
            fixture.driver().putDescriptor(table, 0, 0x1000, 3, 0, 99);
            fixture.driver().putDescriptor(table, 1, 0x1000, 4, DriverQueue.NEXT | 0x8080 | DriverQueue.WRITE, 0);
            fixture.driver().addRaw(table, 32, DriverQueue.INDIRECT);
            fixture.driver().publish();

            DescriptorChain chain = fixture.pop();
            assertThat(chain.readable().totalBytes()).isEqualTo(3);
            assertThat(chain.writable().totalBytes()).isEqualTo(4);
        }
    }
}
