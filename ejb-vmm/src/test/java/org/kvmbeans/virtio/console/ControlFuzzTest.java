package org.kvmbeans.virtio.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.Mutations;

/** Control messages of any content, one after the other: each is answered with a few messages at most. */
class ControlFuzzTest {
    private static final int PORTS = 3;
    /** Kind, name, size and state of a port, or the announcement of each. */
    private static final int MOST_ANSWERS = 4;

    static void target(byte[] input) {
        ConsolePort.HostSide nobody = new ConsolePort.HostSide() {
            @Override
            public void inputOffered(ConsolePort port) {}

            @Override
            public void resized(ConsolePort port) {}

            @Override
            public void openedOrClosed(ConsolePort port) {}
        };
        List<ConsolePort> ports = List.of(
                new ConsolePort(0, new ConsoleOptions.Port("a", PortKind.CONSOLE), nobody),
                new ConsolePort(1, new ConsoleOptions.Port("b", PortKind.CHANNEL), nobody));
        ControlQueues control = new ControlQueues(
                PORTS, id -> id < ports.size() ? ports.get(id) : null, ConsolePort::setGuestOpen, new QueueCounters());
        for (int at = 0; at + ControlMessage.BYTES <= input.length; at += ControlMessage.BYTES) {
            int before = control.waiting();
            ControlMessage message = ControlMessage.parse(Arrays.copyOfRange(input, at, at + ControlMessage.BYTES));
            assertThat(message.encode()).isEqualTo(Arrays.copyOfRange(input, at, at + ControlMessage.BYTES));

            boolean understood = control.handle(message);

            assertThat(control.waiting() - before).isLessThanOrEqualTo(understood ? MOST_ANSWERS : 0);
        }
        ports.forEach(control::resized);
        ports.forEach(control::openedOrClosed);
        control.removed(1);
    }

    private static byte[] goodConversation() {
        return ByteBuffer.allocate(6 * ControlMessage.BYTES)
                .put(new ControlMessage(0, ControlMessage.DEVICE_READY, 1).encode())
                .put(new ControlMessage(0, ControlMessage.PORT_READY, 1).encode())
                .put(new ControlMessage(1, ControlMessage.PORT_READY, 1).encode())
                .put(new ControlMessage(0, ControlMessage.PORT_OPEN, 1).encode())
                .put(new ControlMessage(1, ControlMessage.PORT_OPEN, 1).encode())
                .put(new ControlMessage(1, ControlMessage.PORT_OPEN, 0).encode())
                .array();
    }

    @Test
    void mutations() {
        Mutations.run(List.of(goodConversation()), 20_000, ControlFuzzTest::target);
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        target(input);
    }
}
