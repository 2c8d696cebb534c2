package org.kvmbeans.virtio.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.stream.InputQueue;
import org.kvmbeans.stream.OutputHistory;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.TestLoop;

/** Rules of the console's data queues and its configuration (virtio 1.2, 5.3); {@link ConsoleControlTest} has the rest. */
class VirtioConsoleTest {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private final TestLoop loop = new TestLoop();
    private final ConsoleOptions options = new ConsoleOptions(
            List.of(
                    new ConsoleOptions.Port("hvc", PortKind.CONSOLE),
                    new ConsoleOptions.Port("agent", PortKind.CHANNEL)),
            3);
    private final List<QueueCounters> counters =
            Stream.generate(QueueCounters::new).limit(options.queues()).toList();
    private final VirtioConsole device = new VirtioConsole(loop.loop(), options, counters);
    private final ConsolePort console = device.ports().get(0);

    @AfterEach
    void closeLoop() {
        loop.close();
    }

    private DeviceHarness start(boolean packed) {
        return DeviceHarness.of(device).packed(packed).start();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keepsWhatTheGuestSends(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            harness.queue(TRANSMIT).request("hello ".getBytes(UTF_8), 0);
            harness.queue(TRANSMIT).request("world".getBytes(UTF_8), 0);

            assertThat(text(console.tail(100))).isEqualTo("hello world");
            assertThat(console.bytesTransmitted()).isEqualTo(11);
            assertThat(counters.get(TRANSMIT).bytesFromGuest()).isEqualTo(11);
        }
    }

    @Test
    void countsHugeOutputAndKeepsTheNewest() {
        try (DeviceHarness harness = start(false)) {
            long gpa = harness.arena().allocate(1 << 20);
            harness.memory().putByte(gpa + (1 << 20) - 1, (byte) 'z');
            List<Segment> chain = Stream.generate(() -> Segment.readable(gpa, 1 << 20))
                    .limit(100)
                    .toList();
            harness.queue(TRANSMIT).submit(chain);
            harness.queue(TRANSMIT).await();

            assertThat(console.bytesTransmitted()).isEqualTo(100L << 20);
            assertThat(console.tail(OutputHistory.CAPACITY_BYTES)).hasSize(1 << 20);
            assertThat(text(console.tail(1))).isEqualTo("z");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void inputWaitsForABufferAndBuffersForInput(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            DriverQueue queue = harness.queue(RECEIVE);
            console.offerInput("first".getBytes(UTF_8));
            assertThat(text(queue.request(new byte[0], 64))).isEqualTo("first");

            List<Segment> buffer = queue.segments(new byte[0], 3);
            queue.submit(buffer);
            loop.settle();
            assertThat(queue.poll()).isNull();
            console.offerInput("second".getBytes(UTF_8));

            assertThat(text(queue.written(buffer, queue.await()))).isEqualTo("sec");
            assertThat(console.inputPendingBytes()).isEqualTo(3);
            assertThat(text(queue.request(new byte[0], 64))).isEqualTo("ond");
            assertThat(console.bytesReceived()).isEqualTo(11);
        }
    }

    @Test
    void moreInputThanFitsIsRefused() {
        console.offerInput(new byte[InputQueue.CAPACITY_BYTES]);

        assertThatThrownBy(() -> console.offerInput(new byte[1]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("room for 0");
        assertThat(console.inputPendingBytes()).isEqualTo(console.inputCapacityBytes());
    }

    @Test
    void aLargeInputFillsManyBuffers() {
        try (DeviceHarness harness = start(false)) {
            byte[] input = new byte[50_000];
            for (int i = 0; i < input.length; i++) {
                input[i] = (byte) (i * 31);
            }
            console.offerInput(input);
            int done = 0;
            while (done < input.length) {
                byte[] part = harness.queue(RECEIVE).request(new byte[0], 8192);
                for (byte octet : part) {
                    assertThat(octet).isEqualTo(input[done++]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void buffersWithoutRoomOrBytesComeBack(boolean packed) {
        try (DeviceHarness harness = start(packed)) {
            console.offerInput(new byte[1]);
            harness.queue(RECEIVE).request(new byte[8], 0);
            harness.queue(TRANSMIT).request(new byte[0], 8);

            assertThat(counters.get(RECEIVE).errorsTotal()).isEqualTo(1);
            assertThat(console.bytesTransmitted()).isZero();
            assertThat(harness.queue(RECEIVE).request(new byte[0], 8)).hasSize(1);
        }
    }

    @Test
    void outputForAPortThatIsNotThereIsCounted() {
        try (DeviceHarness harness = start(false)) {
            harness.queue(7).request(new byte[8], 0);

            assertThat(counters.get(7).errorsTotal()).isEqualTo(1);
        }
    }

    @Test
    void withoutMultiportOnlyTheConsoleWorks() {
        try (DeviceHarness harness =
                DeviceHarness.of(device).without(VirtioConsole.MULTIPORT).start()) {
            harness.queue(TRANSMIT).request("x".getBytes(UTF_8), 0);
            console.offerInput("y".getBytes(UTF_8));

            assertThat(text(console.tail(1))).isEqualTo("x");
            assertThat(text(harness.queue(RECEIVE).request(new byte[0], 8))).isEqualTo("y");
            harness.queue(3).submit(harness.queue(3).segments(new byte[8], 0));
            loop.settle();
            assertThat(harness.queue(3).poll()).isNull();
        }
    }

    @Test
    void theConfigurationHasTheSizeAndThePorts() {
        try (DeviceHarness harness = start(false)) {
            assertThat(harness.config(0, 12)).containsExactly(80, 0, 25, 0, 3, 0, 0, 0, 0, 0, 0, 0);
            console.resize(0x0102, 0x0304);

            assertThat(device.readConfig(0, 4)).isEqualTo(0x0304_0102);
            assertThat(harness.configChanges()).isEqualTo(1);
            device.writeConfig(0, 4, 0);
            assertThat(device.readConfig(0, 4)).isEqualTo(0x0304_0102);
        }
    }

    @Test
    void refusesSizesThatNoTerminalHas() {
        assertThatThrownBy(() -> console.resize(0, 25)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> console.resize(80, 65_536)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> device.ports().get(1).resize(80, 25)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aResetForgetsInputAndKeepsOutput() {
        try (DeviceHarness harness = start(false)) {
            harness.queue(TRANSMIT).request("before".getBytes(UTF_8), 0);
            console.offerInput("typed".getBytes(UTF_8));
            harness.queue(RECEIVE).submit(harness.queue(RECEIVE).segments(new byte[0], 2));
            harness.queue(RECEIVE).await();

            harness.restart();
            harness.queue(TRANSMIT).request(" after".getBytes(UTF_8), 0);
            console.offerInput("anew".getBytes(UTF_8));

            assertThat(text(console.tail(100))).isEqualTo("before after");
            assertThat(text(harness.queue(RECEIVE).request(new byte[0], 64))).isEqualTo("anew");
        }
    }

    @Test
    void aBufferThatIsNotRamNeedsAReset() {
        try (DeviceHarness harness = start(false)) {
            harness.queue(TRANSMIT).submit(List.of(Segment.readable(-16, 32)));

            assertThat(harness.awaitReset()).contains("not all RAM");
        }
    }
}
