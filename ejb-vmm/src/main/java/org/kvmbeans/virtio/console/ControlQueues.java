package org.kvmbeans.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.QueueCounters;

/**
 * The two control queues (virtio 1.2, 5.3.6.2): the driver learns of ports and their state, and tells which it has opened.
 * Messages that make no sense are counted and ignored. Belongs to the loop's thread.
 */
final class ControlQueues {
    /** Hears what the driver says of a port. */
    interface GuestSide {
        void openedOrClosed(ConsolePort port, boolean open);
    }

    /**
     * A message on its way to the driver.
     *
     * @param bytes as it goes over
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over once and never compared
    private record Outgoing(ControlMessage message, byte[] bytes) {
        boolean is(int port, int event) {
            return message.port() == port && message.event() == event;
        }
    }

    private final int maxPorts;
    private final IntFunction<@Nullable ConsolePort> ports;
    private final GuestSide guestSide;
    private final QueueCounters transmitCounters;
    private final byte[] header = new byte[ControlMessage.BYTES];
    private final Deque<Outgoing> outgoing = new ArrayDeque<>();

    private @Nullable ServedQueue receive;
    private boolean driverReady;
    /** Ports that the driver was told of, or will be by what is in {@link #outgoing}. */
    private boolean[] announced;
    /** Ports that the driver serves. */
    private boolean[] portReady;

    /**
     * Makes them for one start of the device.
     *
     * @param ports the port of a number below {@code maxPorts}; null where there is none
     */
    ControlQueues(
            int maxPorts,
            IntFunction<@Nullable ConsolePort> ports,
            GuestSide guestSide,
            QueueCounters transmitCounters) {
        this.maxPorts = maxPorts;
        this.ports = ports;
        this.guestSide = guestSide;
        this.transmitCounters = transmitCounters;
        this.announced = new boolean[maxPorts];
        this.portReady = new boolean[maxPorts];
    }

    /** Sends messages through {@code queue} from now on. */
    void sendThrough(ServedQueue queue) {
        receive = queue;
    }

    /** Serves the queue of messages to the driver. */
    boolean serveReceive(ServedQueue queue, DescriptorChain chain) {
        Outgoing next = outgoing.peek();
        if (next == null) {
            return false;
        }
        if (chain.writable().totalBytes() < next.bytes.length) {
            queue.fail("a control buffer of " + chain.writable().totalBytes() + " bytes for a message of "
                    + next.bytes.length);
            return true;
        }
        outgoing.remove();
        chain.writable().write(0, next.bytes, 0, next.bytes.length);
        queue.complete(chain, next.bytes.length, 0, next.bytes.length);
        return true;
    }

    /** Serves the queue of messages from the driver. */
    boolean serveTransmit(ServedQueue queue, DescriptorChain chain) {
        long length = chain.readable().totalBytes();
        if (length < ControlMessage.BYTES) {
            transmitCounters.failed();
        } else {
            chain.readable().read(0, header, 0, ControlMessage.BYTES);
            if (!handle(ControlMessage.parse(header))) {
                transmitCounters.failed();
            }
        }
        queue.complete(chain, 0, length, 0);
        // Each message of the driver is answered with a few; one that never takes them would have us keep them for
        // ever.
        if (outgoing.size() > outgoingLimit()) {
            queue.fail(outgoing.size() + " control messages that the driver has not taken");
        }
        return true;
    }

    private int outgoingLimit() {
        return 16 * maxPorts;
    }

    /** Does what the driver says; false where it makes no sense. */
    boolean handle(ControlMessage message) {
        boolean yes = message.value() != 0;
        if (message.event() == ControlMessage.DEVICE_READY) {
            driverReady = yes;
            announced = new boolean[maxPorts];
            portReady = new boolean[maxPorts];
            for (int id = 0; id < maxPorts && yes; id++) {
                if (ports.apply(id) != null) {
                    announce(id);
                }
            }
            return true;
        }
        int id = message.port();
        ConsolePort port = id >= 0 && id < maxPorts ? ports.apply(id) : null;
        if (port == null) {
            return false;
        }
        switch (message.event()) {
            case ControlMessage.PORT_READY -> {
                portReady[id] = yes;
                describe(port);
            }
            case ControlMessage.PORT_OPEN -> {
                // One that was not made ready is an earlier port of that number.
                if (!portReady[id]) {
                    return false;
                }
                guestSide.openedOrClosed(port, yes);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void announce(int id) {
        announced[id] = true;
        send(new ControlMessage(id, ControlMessage.DEVICE_ADD, 1));
    }

    private void describe(ConsolePort port) {
        if (!portReady[port.id()]) {
            return;
        }
        if (port.kind() == PortKind.CONSOLE) {
            send(new ControlMessage(port.id(), ControlMessage.CONSOLE_PORT, 1));
        }
        send(
                new ControlMessage(port.id(), ControlMessage.PORT_NAME, 1),
                port.name().getBytes(StandardCharsets.UTF_8));
        resized(port);
        openedOrClosed(port);
    }

    /** There is a new port. */
    void added(ConsolePort port) {
        // It may have gone again before the loop heard of it.
        if (driverReady && !announced[port.id()] && ports.apply(port.id()) == port) {
            announce(port.id());
        }
    }

    /** A port is gone; the driver need not learn of one that it has not heard of. */
    void removed(int id) {
        boolean unheardOf =
                !announced[id] || outgoing.stream().anyMatch(message -> message.is(id, ControlMessage.DEVICE_ADD));
        outgoing.removeIf(
                message -> message.message.port() == id && message.message.event() != ControlMessage.DEVICE_REMOVE);
        announced[id] = false;
        portReady[id] = false;
        if (driverReady && !unheardOf) {
            send(new ControlMessage(id, ControlMessage.DEVICE_REMOVE, 1));
        }
    }

    /** A console has another size. */
    void resized(ConsolePort port) {
        if (portReady[port.id()] && port.kind() == PortKind.CONSOLE) {
            ConsolePort.Size size = port.size();
            // Columns first, as the standard has it; Linux before 6.15 takes the first for the rows.
            byte[] data = ByteBuffer.allocate(2 * Short.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putShort((short) size.columns())
                    .putShort((short) size.rows())
                    .array();
            replace(new ControlMessage(port.id(), ControlMessage.RESIZE, 0), data);
        }
    }

    /** Somebody came to the host's end of a port, or left it. */
    void openedOrClosed(ConsolePort port) {
        if (portReady[port.id()]) {
            replace(new ControlMessage(port.id(), ControlMessage.PORT_OPEN, port.isHostOpen() ? 1 : 0));
        }
    }

    /** Sends the newest state in place of an older one that still waits. */
    private void replace(ControlMessage message, byte... data) {
        outgoing.removeIf(waiting -> waiting.is(message.port(), message.event()));
        send(message, data);
    }

    private void send(ControlMessage message, byte... data) {
        outgoing.add(new Outgoing(message, message.encode(data)));
        ServedQueue queue = receive;
        if (queue != null) {
            queue.resume();
        }
    }

    /** Messages that wait for the driver. */
    int waiting() {
        return outgoing.size();
    }
}
