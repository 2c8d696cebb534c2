package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.Used;

/** Rules of serving a queue, on a real event loop. */
class ServedQueueTest {
    private @Nullable QueueDevice device;
    private @Nullable DeviceHarness harness;

    private DeviceHarness start(Ring ring, int queues, ServedQueue.Server server) {
        device = new QueueDevice(queues, server);
        harness = DeviceHarness.of(device).features(ring.features()).start();
        return harness;
    }

    private QueueDevice device() {
        return java.util.Objects.requireNonNull(device);
    }

    @AfterEach
    void nothingIsLeft() {
        if (harness != null) {
            harness.close();
            assertThat(device().failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersRequests(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);

        assertThat(run.queue(0).request(new byte[] {1, 2, 3}, 8)).containsExactly(1, 2, 3);
        assertThat(run.queue(0).request(new byte[] {4}, 8)).containsExactly(4);
        assertThat(run.resets()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void countsWhatHappens(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);
        QueueCounters counters = device().counters(0);

        for (int i = 0; i < 10; i++) {
            run.queue(0).request(new byte[] {1, 2, 3}, 2);
        }

        Await.until("ten completed", () -> counters.latency().count() == 10);
        assertThat(counters.requestsTotal()).isEqualTo(10);
        assertThat(counters.depth()).isZero();
        assertThat(counters.bytesFromGuest()).isEqualTo(30);
        assertThat(counters.bytesToGuest()).isEqualTo(20);
        assertThat(counters.notificationsTotal()).isBetween(1L, 10L);
    }

    @ParameterizedTest
    @EnumSource
    void servesWhatWasAvailableBeforeItStarted(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);
        run.stop();
        run.restart();
        DriverQueue queue = run.queue(0);
        device().loop().runAndWait(() -> {
            // The loop is busy: the kick that is left out here is not missed.
            queue.add(queue.segments(new byte[] {7}, 1));
            queue.publish();
        });
        device().queue(0).kick();

        assertThat(queue.await().writtenBytes()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void completesInAnyOrderAndLater(Ring ring) {
        Queue<DescriptorChain> held = new ConcurrentLinkedQueue<>();
        DeviceHarness run = start(ring, 1, (queue, chain) -> held.add(chain));
        DriverQueue queue = run.queue(0);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            ids.add(queue.submit(queue.segments(new byte[] {(byte) i}, 1)));
        }
        run.await("all are held", () -> held.size() == 50);
        assertThat(device().counters(0).depth()).isEqualTo(50);

        device().loop().runAndWait(() -> {
            List<DescriptorChain> shuffled = new ArrayList<>(held);
            Collections.shuffle(shuffled, new Random(1));
            shuffled.forEach(chain -> QueueDevice.echo(device().queue(0), chain));
            device().queue(0).publish();
        });

        List<Integer> used = new ArrayList<>();
        for (Used next = queue.poll(); next != null; next = queue.poll()) {
            assertThat(next.writtenBytes()).isEqualTo(1);
            used.add(next.id());
        }
        if (ring.inOrder()) {
            assertThat(used).isEqualTo(ids);
        } else {
            assertThat(used).containsExactlyInAnyOrderElementsOf(ids).isNotEqualTo(ids);
        }
    }

    @ParameterizedTest
    @EnumSource
    void asksAgainForWhatWasRefusedOnlyAfterResume(Ring ring) {
        AtomicBoolean open = new AtomicBoolean();
        AtomicInteger asked = new AtomicInteger();
        DeviceHarness run = start(ring, 1, (queue, chain) -> {
            asked.incrementAndGet();
            if (open.get()) {
                QueueDevice.echo(queue, chain);
            }
            return open.get();
        });
        DriverQueue queue = run.queue(0);
        queue.submit(queue.segments(new byte[] {1}, 1));
        run.await("the server refused", () -> asked.get() == 1);
        int second = queue.submit(queue.segments(new byte[] {2}, 1));
        queue.kickAnyway();
        run.await("the kick is heard", () -> device().counters(0).notificationsTotal() >= 2);
        assertThat(asked).hasValue(1);
        assertThat(device().counters(0).requestsTotal()).isZero();

        open.set(true);
        device().queue(0).resume();

        queue.await();
        assertThat(queue.await().id()).isEqualTo(second);
        assertThat(asked).hasValue(3);
    }

    @ParameterizedTest
    @EnumSource
    void busyQueueLeavesOthersTheirTurns(Ring ring) throws InterruptedException {
        CountDownLatch stop = new CountDownLatch(1);
        AtomicInteger served = new AtomicInteger();
        AtomicInteger whenOtherWasServed = new AtomicInteger(-1);
        DeviceHarness run = start(ring, 2, (queue, chain) -> {
            if (queue.index() == 1) {
                whenOtherWasServed.compareAndSet(-1, served.get());
            } else if (served.incrementAndGet() == 1) {
                awaitLatch(stop);
            }
            QueueDevice.echo(queue, chain);
            return true;
        });
        DriverQueue busy = run.queue(0);
        DriverQueue other = run.queue(1);
        busy.submit(busy.segments(new byte[] {1}, 0));
        run.await("the loop is held", () -> served.get() == 1);
        for (int i = 1; i < busy.size(); i++) {
            busy.add(busy.segments(new byte[] {1}, 0));
        }
        busy.publish();
        other.submit(other.segments(new byte[] {2}, 1));
        other.kickAnyway();
        stop.countDown();

        other.await();
        assertThat(whenOtherWasServed.get()).isLessThanOrEqualTo(2 * ServedQueue.BATCH);
        run.await("all are served", () -> served.get() == busy.size());
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void ruleBrokenByTheDriverAsksForAResetAndEndsServing(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);
        DriverQueue queue = run.queue(0);

        queue.submit(List.of(Segment.readable(1L << 40, 16)));

        assertThat(run.awaitReset()).startsWith("queue 0: ").contains("not all RAM");
        long notifications = device().counters(0).notificationsTotal();
        queue.submit(queue.segments(new byte[] {1}, 1));
        device().queue(0).kick();
        device().loop().runAndWait(() -> {});
        assertThat(queue.poll()).isNull();
        assertThat(run.resets()).hasSize(1);
        assertThat(device().counters(0).notificationsTotal()).isEqualTo(notifications);
    }

    @ParameterizedTest
    @EnumSource
    void exceptionOfTheServerAsksForAReset(Ring ring) {
        DeviceHarness run = start(ring, 1, (queue, chain) -> {
            throw new IllegalStateException("the server is broken");
        });

        run.queue(0).submit(run.queue(0).segments(new byte[] {1}, 1));

        assertThat(run.awaitReset()).contains("the server is broken");
    }

    @ParameterizedTest
    @EnumSource
    void ringThatIsNoRamAsksForAResetAtOnce(Ring ring) {
        QueueDevice own = new QueueDevice(1, QueueDevice.ECHO);
        device = own;
        harness = DeviceHarness.of(own)
                .features(ring.features())
                .ring(0, place -> new DriverQueue.RingPlace(0, 256, 1L << 40, place.driverGpa(), place.deviceGpa()))
                .start();

        assertThat(harness.resets()).hasSize(1);
        assertThat(harness.resets().get(0)).contains("not all RAM");
    }

    @ParameterizedTest
    @EnumSource
    void isNotServedAfterClose(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);
        DriverQueue queue = run.queue(0);
        queue.request(new byte[] {1}, 1);
        ServedQueue served = device().queue(0);

        served.close();
        served.close();
        queue.submit(queue.segments(new byte[] {2}, 1));
        queue.kickAnyway();
        served.kick();
        served.resume();
        device().loop().runAndWait(() -> {});

        assertThat(queue.poll()).isNull();
        assertThat(run.resets()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void completionAfterCloseIsForgotten(Ring ring) {
        Queue<DescriptorChain> held = new ConcurrentLinkedQueue<>();
        DeviceHarness run = start(ring, 1, (queue, chain) -> held.add(chain));
        DriverQueue queue = run.queue(0);
        queue.submit(queue.segments(new byte[] {2}, 1));
        run.await("it is held", () -> !held.isEmpty());
        ServedQueue served = device().queue(0);
        served.close();

        device().loop().runAndWait(() -> {
            served.complete(held.element(), 1, 0, 0);
            served.publish();
        });

        assertThat(queue.poll()).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void buffersAreTakenWhenThereIsDataForThem(Ring ring) {
        Queue<Byte> data = new ArrayDeque<>();
        DeviceHarness run = start(ring, 1, (queue, chain) -> {
            Byte next = data.poll();
            if (next != null) {
                chain.writable().write(0, new byte[] {next}, 0, 1);
                queue.complete(chain, 1, 0, 1);
            }
            return next != null;
        });
        DriverQueue queue = run.queue(0);
        List<Segment> buffer = queue.segments(new byte[0], 4);
        queue.submit(buffer);

        // A buffer is there, and data comes.
        device().loop().runAndWait(() -> deliver((byte) 5, data));
        assertThat(queue.written(buffer, queue.await())).containsExactly(5);

        // Data is there, and a buffer comes.
        device().loop().runAndWait(() -> deliver((byte) 6, data));
        buffer = queue.segments(new byte[0], 4);
        queue.submit(buffer);
        assertThat(queue.written(buffer, queue.await())).containsExactly(6);
    }

    @ParameterizedTest
    @EnumSource
    void buffersOfOnePacketCountAsOneRequest(Ring ring) {
        DeviceHarness run = start(ring, 1, (queue, chain) -> false);
        DriverQueue queue = run.queue(0);
        queue.submit(queue.segments(new byte[0], 4));
        queue.submit(queue.segments(new byte[0], 4));

        device().loop().runAndWait(() -> {
            ServedQueue served = device().queue(0);
            served.completePart(Objects.requireNonNull(served.pop()), 4);
            served.completePart(Objects.requireNonNull(served.pop()), 3);
            served.completedParts(System.nanoTime(), 7);
            served.publish();
        });

        assertThat(queue.await().writtenBytes()).isEqualTo(4);
        assertThat(queue.await().writtenBytes()).isEqualTo(3);
        QueueCounters counters = device().counters(0);
        assertThat(counters.requestsTotal()).isEqualTo(1);
        assertThat(counters.depth()).isZero();
        assertThat(counters.bytesToGuest()).isEqualTo(7);
        assertThat(counters.latency().count()).isEqualTo(1);
    }

    private void deliver(byte value, Queue<Byte> data) {
        ServedQueue queue = device().queue(0);
        DescriptorChain chain = queue.pop();
        if (chain == null) {
            data.add(value);
            return;
        }
        chain.writable().write(0, new byte[] {value}, 0, 1);
        queue.complete(chain, 1, 0, 1);
        queue.publish();
    }

    @ParameterizedTest
    @EnumSource
    void interruptsWhereTheDriverWantsIt(Ring ring) {
        DeviceHarness run = start(ring, 1, QueueDevice.ECHO);
        DriverQueue queue = run.queue(0);

        queue.enableInterrupts();
        queue.request(new byte[] {1}, 1);
        queue.awaitInterrupt();

        queue.disableInterrupts();
        queue.request(new byte[] {1}, 1);
        device().loop().runAndWait(() -> {});
        assertThat(queue.interrupts()).isZero();
        assertThat(device().counters(0).interruptsTotal()).isEqualTo(1);
    }
}
