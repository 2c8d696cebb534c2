package org.kvmbeans.virtio.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.TestLoop;

/** Rules of the console's control queues (virtio 1.2, 5.3.6.2). */
class ConsoleControlTest {
    private static final int TO_DRIVER = 2;
    private static final int FROM_DRIVER = 3;

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
    private final ConsolePort agent = device.ports().get(1);

    private DeviceHarness harness;

    @BeforeEach
    void start() {
        harness = DeviceHarness.of(device).start();
    }

    @AfterEach
    void close() {
        harness.close();
        loop.close();
    }

    private void say(int port, int event, int value) {
        harness.queue(FROM_DRIVER).request(new ControlMessage(port, event, value).encode(), 0);
    }

    private byte[] hear() {
        return harness.queue(TO_DRIVER).request(new byte[0], 128);
    }

    private static byte[] message(int port, int event, int value, int... data) {
        byte[] bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) data[i];
        }
        return new ControlMessage(port, event, value).encode(bytes);
    }

    private void hearAboutBothPorts() {
        say(0, ControlMessage.DEVICE_READY, 1);
        assertThat(hear()).isEqualTo(message(0, ControlMessage.DEVICE_ADD, 1));
        assertThat(hear()).isEqualTo(message(1, ControlMessage.DEVICE_ADD, 1));
    }

    private void readyAgent() {
        say(1, ControlMessage.PORT_READY, 1);
        assertThat(hear())
                .isEqualTo(new ControlMessage(1, ControlMessage.PORT_NAME, 1).encode("agent".getBytes(UTF_8)));
        assertThat(hear()).isEqualTo(message(1, ControlMessage.PORT_OPEN, 1));
    }

    private void assertNothingToHear() {
        loop.settle();
        harness.queue(TO_DRIVER).submit(harness.queue(TO_DRIVER).segments(new byte[0], 128));
        loop.settle();
        assertThat(harness.queue(TO_DRIVER).poll()).isNull();
    }

    private long errors() {
        return counters.get(FROM_DRIVER).errorsTotal();
    }

    @Test
    void aReadyDriverHearsOfEveryPort() {
        hearAboutBothPorts();
        assertNothingToHear();
    }

    @Test
    void aDriverThatIsNotReadyHearsNothing() {
        device.addPort(new ConsoleOptions.Port("late", PortKind.CHANNEL));
        console.resize(100, 30);
        agent.setHostOpen(false);
        say(0, ControlMessage.DEVICE_READY, 0);

        assertNothingToHear();
    }

    @Test
    void aReadyConsoleHearsItsNameAndSize() {
        hearAboutBothPorts();
        say(0, ControlMessage.PORT_READY, 1);

        assertThat(hear()).isEqualTo(message(0, ControlMessage.CONSOLE_PORT, 1));
        assertThat(hear()).isEqualTo(message(0, ControlMessage.PORT_NAME, 1, 'h', 'v', 'c'));
        assertThat(hear()).isEqualTo(message(0, ControlMessage.RESIZE, 0, 80, 0, 25, 0));
        assertThat(hear()).isEqualTo(message(0, ControlMessage.PORT_OPEN, 1));
    }

    @Test
    void onlyTheNewestSizeIsTold() {
        hearAboutBothPorts();
        say(0, ControlMessage.PORT_READY, 1);
        for (int i = 0; i < 4; i++) {
            hear();
        }
        for (int columns = 1; columns <= 1000; columns++) {
            console.resize(columns, 25);
        }
        loop.settle();

        assertThat(hear()).isEqualTo(message(0, ControlMessage.RESIZE, 0, 1000 & 0xFF, 1000 >> 8, 25, 0));
        assertNothingToHear();
    }

    @Test
    void openingAndClosingGoesBothWays() {
        hearAboutBothPorts();
        readyAgent();
        assertThat(agent.isGuestOpen()).isFalse();

        say(1, ControlMessage.PORT_OPEN, 1);
        assertThat(agent.isGuestOpen()).isTrue();
        agent.setHostOpen(false);
        assertThat(hear()).isEqualTo(message(1, ControlMessage.PORT_OPEN, 0));
        say(1, ControlMessage.PORT_OPEN, 0);
        assertThat(agent.isGuestOpen()).isFalse();
        assertThat(errors()).isZero();
    }

    @Test
    void aChannelTakesInputOnlyWhileItIsOpen() {
        hearAboutBothPorts();
        readyAgent();
        agent.offerInput("hello".getBytes(UTF_8));
        harness.queue(4).submit(harness.queue(4).segments(new byte[0], 64));
        loop.settle();
        assertThat(harness.queue(4).poll()).isNull();

        say(1, ControlMessage.PORT_OPEN, 1);
        assertThat(harness.queue(4).await().writtenBytes()).isEqualTo(5);

        agent.offerInput("too late".getBytes(UTF_8));
        say(1, ControlMessage.PORT_OPEN, 0);
        assertThat(agent.inputPendingBytes()).isZero();
    }

    @Test
    void portsComeAndGo() {
        hearAboutBothPorts();
        readyAgent();
        ConsolePort third = device.addPort(new ConsoleOptions.Port("third", PortKind.CHANNEL));
        assertThat(third.id()).isEqualTo(2);
        assertThat(hear()).isEqualTo(message(2, ControlMessage.DEVICE_ADD, 1));

        device.removePort(agent);
        assertThat(hear()).isEqualTo(message(1, ControlMessage.DEVICE_REMOVE, 1));
        assertThat(device.ports()).containsExactly(console, third);
        ConsolePort again = device.addPort(new ConsoleOptions.Port("agent", PortKind.CHANNEL));
        assertThat(again.id()).isEqualTo(1);
        assertThat(hear()).isEqualTo(message(1, ControlMessage.DEVICE_ADD, 1));
        // The driver's last word about the port that is gone.
        say(1, ControlMessage.PORT_OPEN, 1);
        assertThat(again.isGuestOpen()).isFalse();
    }

    @Test
    void aPortThatCameAndWentUnheardOfIsNotMentioned() {
        hearAboutBothPorts();
        for (int i = 0; i < 1000; i++) {
            device.removePort(device.addPort(new ConsoleOptions.Port("short", PortKind.CHANNEL)));
        }
        assertNothingToHear();
    }

    @Test
    void portsAreRefusedWhereTheyCannotBe() {
        assertThatThrownBy(() -> device.addPort(new ConsoleOptions.Port("agent", PortKind.CHANNEL)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("agent");
        device.addPort(new ConsoleOptions.Port("third", PortKind.CHANNEL));
        assertThatThrownBy(() -> device.addPort(new ConsoleOptions.Port("fourth", PortKind.CHANNEL)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("3 ports");
        assertThatThrownBy(() -> device.removePort(console)).hasMessageContaining("stays");
        device.removePort(agent);
        assertThatThrownBy(() -> device.removePort(agent)).hasMessageContaining("not there");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 31, 1 << 16, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void messagesAboutUnknownPortsAreCountedAndIgnored(int port) {
        hearAboutBothPorts();
        say(port, ControlMessage.PORT_READY, 1);
        say(port, ControlMessage.PORT_OPEN, 1);

        assertThat(errors()).isEqualTo(2);
        assertNothingToHear();
        assertThat(harness.resets()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 7, 8, 0xFFFF})
    void eventsThatAreNotTheDriversAreCountedAndIgnored(int event) {
        hearAboutBothPorts();
        say(0, event, 1);

        assertThat(errors()).isEqualTo(1);
        assertNothingToHear();
    }

    @Test
    void shortMessagesAreCountedAndIgnored() {
        for (int length = 1; length < ControlMessage.BYTES; length++) {
            harness.queue(FROM_DRIVER).request(new byte[length], 0);
        }
        harness.queue(FROM_DRIVER).request(new byte[0], 8);

        assertThat(errors()).isEqualTo(8);
        assertThat(harness.resets()).isEmpty();
    }

    @Test
    void whatFollowsAMessageIsIgnored() {
        byte[] padded = Arrays.copyOf(message(0, ControlMessage.DEVICE_READY, 1), 1000);
        harness.queue(FROM_DRIVER).request(padded, 0);

        assertThat(hear()).isEqualTo(message(0, ControlMessage.DEVICE_ADD, 1));
    }

    @Test
    void aDriverThatAsksWithoutListeningNeedsAReset() {
        for (int i = 0; i < 1000 && harness.resets().isEmpty(); i++) {
            harness.queue(FROM_DRIVER)
                    .submit(harness.queue(FROM_DRIVER).segments(message(0, ControlMessage.DEVICE_READY, 1), 0));
            loop.settle();
            harness.queue(FROM_DRIVER).poll();
        }

        assertThat(harness.awaitReset()).contains("has not taken");
    }

    @Test
    void aControlBufferThatIsTooSmallNeedsAReset() {
        say(0, ControlMessage.DEVICE_READY, 1);
        harness.queue(TO_DRIVER).submit(harness.queue(TO_DRIVER).segments(new byte[0], 7));

        assertThat(harness.awaitReset()).contains("7 bytes");
    }

    @Test
    void aResetStartsFromTheBeginning() {
        hearAboutBothPorts();
        readyAgent();
        say(1, ControlMessage.PORT_OPEN, 1);
        console.resize(100, 30);

        harness.restart();

        assertThat(agent.isGuestOpen()).isFalse();
        hearAboutBothPorts();
        readyAgent();
        assertNothingToHear();
    }
}
