package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Rules of who hears of what: notifications of the device, interrupts of the driver (virtio 1.2, 2.7.7, 2.7.10, 2.8.14). */
class SuppressionTest {
    private static final int SIZE = 8;

    private static boolean serve(QueueFixture fixture, int count) {
        fixture.pop(count).forEach(chain -> fixture.queue().push(chain, 16));
        return fixture.queue().publish();
    }

    private static void offer(QueueFixture fixture, int count) {
        for (int i = 0; i < count; i++) {
            fixture.offer();
        }
    }

    private static void reap(QueueFixture fixture, int count) {
        for (int i = 0; i < count; i++) {
            fixture.driver().await();
        }
    }

    @ParameterizedTest
    @EnumSource
    void driverThatAsksForInterruptsGetsThem(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            // Over the wrap of the ring and of the index.
            for (int i = 0; i < 70_000; i++) {
                offer(fixture, 1);
                fixture.driver().enableInterrupts();
                assertThat(serve(fixture, 1)).isTrue();
                reap(fixture, 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void driverThatAsksForNoneGetsNone(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            offer(fixture, 1);
            serve(fixture, 1);
            fixture.driver().disableInterrupts();
            for (int i = 0; i < 1000; i++) {
                reap(fixture, 1);
                offer(fixture, 1);
                assertThat(serve(fixture, 1)).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void publishingNothingInterruptsNobody(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.driver().enableInterrupts();
            assertThat(fixture.queue().publish()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = Mode.MATCH_ANY,
            names = {".*EVENT_INDEX", ".*IN_ORDER"})
    void driverIsInterruptedOnlyWhenItsEventIsPassed(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            for (int lap = 0; lap < 50; lap++) {
                askAfter(fixture, 2);
                offer(fixture, 5);
                assertThat(serve(fixture, 2)).as("before the event").isFalse();
                assertThat(serve(fixture, 1)).as("at the event").isTrue();
                assertThat(serve(fixture, 2)).as("beyond the event").isFalse();
                reap(fixture, 5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = Mode.MATCH_ANY,
            names = {".*EVENT_INDEX", ".*IN_ORDER"})
    void batchThatPassesTheEventInterruptsOnce(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            for (int lap = 0; lap < 50; lap++) {
                for (int event = 0; event < 5; event++) {
                    askAfter(fixture, event);
                    offer(fixture, 5);
                    assertThat(serve(fixture, 5)).isTrue();
                    reap(fixture, 5);
                }
            }
        }
    }

    /** Asks for an interrupt at the buffer after {@code count} more. */
    private static void askAfter(QueueFixture fixture, int count) {
        if (fixture.driver() instanceof org.kvmbeans.virtio.testdriver.SplitDriverQueue) {
            fixture.split().putUsedEvent(fixture.split().usedIndex() + count);
            return;
        }
        int position = fixture.packed().usedPosition() + count;
        boolean wrap = fixture.packed().usedWrap() ^ position >= SIZE;
        fixture.packed().putDriverEvent(position % SIZE | (wrap ? 0x8000 : 0), 2);
    }

    @ParameterizedTest
    @EnumSource
    void deviceThatAsksForNotificationsGetsThem(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            for (int i = 0; i < 70_000; i++) {
                assertThat(fixture.queue().enableNotifications()).isFalse();
                offer(fixture, 1);
                assertThat(fixture.driver().kick()).isTrue();
                serve(fixture, 1);
                reap(fixture, 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void deviceThatAsksForNoneGetsNone(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.queue().enableNotifications();
            offer(fixture, 1);
            fixture.driver().kick();
            fixture.queue().disableNotifications();
            serve(fixture, 1);
            reap(fixture, 1);
            for (int i = 0; i < 1000; i++) {
                offer(fixture, 1);
                assertThat(fixture.driver().kick()).isFalse();
                serve(fixture, 1);
                reap(fixture, 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void enablingTellsOfWhatCameMeanwhile(Ring ring) {
        try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
            fixture.queue().disableNotifications();
            assertThat(fixture.queue().pop()).isNull();
            offer(fixture, 2);

            assertThat(fixture.queue().enableNotifications()).isTrue();
            fixture.queue().undoPop(fixture.pop());
            assertThat(fixture.queue().enableNotifications()).as("one undone").isTrue();
            serve(fixture, 2);
            assertThat(fixture.queue().enableNotifications()).isFalse();
        }
    }
}
