package org.kvmbeans.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.Used;

/**
 * A driver and a device that do at random whatever they may, against a model: every chain arrives as it was sent, comes
 * back once with its length, in order where that was negotiated, and nobody sleeps through what it asked to hear.
 */
class RandomRequestsTest {
    private static final int STEPS = 60_000;
    private static final int SIZE = 32;

    @ParameterizedTest
    @EnumSource
    void everyChainArrivesAndComesBack(Ring ring) {
        for (long seed = 1; seed <= 3; seed++) {
            try (QueueFixture fixture = new QueueFixture(ring, SIZE)) {
                Run run = new Run(ring, fixture, new Random(seed));
                for (int step = 0; step < STEPS; step++) {
                    run.step();
                }
                run.finish();
            }
        }
    }

    private record Sent(int id, List<Segment> segments) {}

    private static final class Run {
        private final Ring ring;
        private final QueueFixture fixture;
        private final Random random;
        /** Available and not taken yet. */
        private final Deque<Sent> sent = new ArrayDeque<>();

        private final Map<DescriptorChain, Sent> taken = new HashMap<>();
        private final Map<Integer, Long> written = new HashMap<>();
        private final Deque<Integer> order = new ArrayDeque<>();
        private boolean driverSleeps;
        private boolean deviceSleeps;

        Run(Ring ring, QueueFixture fixture, Random random) {
            this.ring = ring;
            this.fixture = fixture;
            this.random = random;
        }

        void step() {
            switch (random.nextInt(8)) {
                case 0, 1 -> send();
                case 2, 3 -> take();
                case 4 -> complete();
                case 5 -> reap();
                case 6 -> driverGoesToSleep();
                default -> deviceGoesToSleep();
            }
        }

        private List<Segment> segments() {
            List<Segment> segments = new ArrayList<>();
            int readable = random.nextInt(4);
            int writable = random.nextInt(readable == 0 ? 1 : 0, 4);
            for (int i = 0; i < readable + writable; i++) {
                int bytes = random.nextInt(200);
                segments.add(i < readable ? fixture.readable(bytes) : fixture.writable(bytes));
            }
            return segments;
        }

        private void send() {
            for (int i = random.nextInt(4); i >= 0; i--) {
                List<Segment> segments = segments();
                boolean indirect = random.nextBoolean();
                if (fixture.driver().room() >= (indirect ? 1 : segments.size())) {
                    int id = indirect
                            ? fixture.driver().addIndirect(segments)
                            : fixture.driver().add(segments);
                    sent.add(new Sent(id, segments));
                    order.add(id);
                }
            }
            fixture.driver().publish();
            boolean kicked = fixture.driver().kick();
            if (deviceSleeps && !sent.isEmpty()) {
                assertThat(kicked).as("a device that sleeps is notified").isTrue();
                deviceSleeps = false;
            }
        }

        private void take() {
            deviceSleeps = false;
            DescriptorChain chain = fixture.queue().pop();
            assertThat(chain == null).isEqualTo(sent.isEmpty());
            if (chain == null) {
                return;
            }
            Sent expected = sent.remove();
            assertThat(seen(chain.readable())).isEqualTo(nonEmpty(expected.segments, false));
            assertThat(seen(chain.writable())).isEqualTo(nonEmpty(expected.segments, true));
            if (random.nextInt(4) == 0) {
                fixture.queue().undoPop(chain);
                sent.addFirst(expected);
            } else {
                assertThat(taken.put(chain, expected)).isNull();
            }
        }

        private static List<Long> seen(GuestBuffers buffers) {
            List<Long> seen = new ArrayList<>();
            for (int i = 0; i < buffers.count(); i++) {
                Collections.addAll(seen, buffers.gpa(i), (long) buffers.lengthBytes(i));
            }
            return seen;
        }

        private static List<Long> nonEmpty(List<Segment> segments, boolean deviceWrites) {
            List<Long> expected = new ArrayList<>();
            for (Segment segment : segments) {
                if (segment.deviceWrites() == deviceWrites && segment.lengthBytes() > 0) {
                    Collections.addAll(expected, segment.gpa(), segment.lengthBytes());
                }
            }
            return expected;
        }

        private void complete() {
            List<DescriptorChain> chains = new ArrayList<>(taken.keySet());
            Collections.sort(chains, (a, b) -> Long.compare(a.number(), b.number()));
            Collections.shuffle(chains, random);
            int count = random.nextInt(chains.size() + 1);
            for (DescriptorChain chain : chains.subList(0, count)) {
                Sent was = Objects.requireNonNull(taken.remove(chain));
                long room = chain.writable().totalBytes();
                long bytes = random.nextBoolean() ? room : random.nextLong(room + 1);
                written.put(was.id, bytes);
                fixture.queue().push(chain, bytes);
            }
            boolean interrupts = fixture.queue().publish();
            if (driverSleeps && fixture.driver().enableInterrupts()) {
                assertThat(interrupts).as("a driver that sleeps is interrupted").isTrue();
                driverSleeps = false;
            }
        }

        private void reap() {
            driverSleeps = false;
            fixture.driver().disableInterrupts();
            for (Used used = fixture.driver().poll();
                    used != null;
                    used = fixture.driver().poll()) {
                assertThat(used.writtenBytes()).isEqualTo(written.remove(used.id()));
                if (ring.inOrder()) {
                    assertThat(used.id()).isEqualTo(order.remove());
                }
            }
        }

        private void driverGoesToSleep() {
            reap();
            assertThat(fixture.driver().enableInterrupts()).isFalse();
            driverSleeps = true;
        }

        private void deviceGoesToSleep() {
            fixture.queue().disableNotifications();
            deviceSleeps = !fixture.queue().enableNotifications();
            assertThat(deviceSleeps).isEqualTo(sent.isEmpty());
        }

        void finish() {
            while (!sent.isEmpty()) {
                take();
            }
            while (!taken.isEmpty()) {
                complete();
            }
            reap();
            assertThat(written).isEmpty();
            assertThat(fixture.driver().room()).isEqualTo(SIZE);
        }
    }
}
