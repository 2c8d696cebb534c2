package org.kvmbeans.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.ConfigBytes;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/**
 * The console device (virtio 1.2, 5.3): port 0 is a console for every driver; one that knows multiple ports sees the others
 * too, which may come and go while it runs.
 *
 * <p>All queues are served on the loop's thread. Ports and their methods may be used from any thread.
 */
public final class VirtioConsole implements VirtioDevice {
    /** The device id: virtio 1.2, 5. */
    public static final int TYPE = 3;

    /** VIRTIO_CONSOLE_F_SIZE: the configuration space has the size of port 0. */
    public static final long SIZE = 1L;
    /** VIRTIO_CONSOLE_F_MULTIPORT: there are several ports, and control queues. */
    public static final long MULTIPORT = 1L << 1;

    private static final int DATA_QUEUE_SIZE = 128;
    private static final int CONTROL_QUEUE_SIZE = 64;
    private static final int CONTROL_RECEIVE = 2;
    private static final int CONTROL_TRANSMIT = 3;
    private static final int CONFIG_BYTES = 12;
    private static final int SCRATCH_BYTES = 4096;

    private final EventLoop loop;
    private final int maxPorts;
    private final List<QueueCounters> counters;
    /** Changed under the device's lock; the port at 0 stays. */
    private final AtomicReferenceArray<@Nullable ConsolePort> ports;

    private final AtomicReferenceArray<@Nullable ServedQueue> receivers;
    private final ConsolePort.HostSide hostSide = new OnLoop();
    /** Used by the loop's thread. */
    private final byte[] scratch = new byte[SCRATCH_BYTES];

    // The fields below belong to the loop's thread.

    private final List<ServedQueue> queues = new ArrayList<>();
    private @Nullable ControlQueues control;

    private volatile @Nullable DeviceContext started;

    /**
     * Makes one with its ports.
     *
     * @param loop serves the queues; stays the caller's, and open until this device is closed
     * @param counters one for each of {@link ConsoleOptions#queues} queues
     */
    public VirtioConsole(EventLoop loop, ConsoleOptions options, List<QueueCounters> counters) {
        if (counters.size() != options.queues()) {
            throw new IllegalArgumentException(counters.size() + " queue counters; give " + options.queues());
        }
        this.loop = loop;
        this.maxPorts = options.maxPorts();
        this.counters = List.copyOf(counters);
        this.ports = new AtomicReferenceArray<>(maxPorts);
        this.receivers = new AtomicReferenceArray<>(maxPorts);
        for (int id = 0; id < options.ports().size(); id++) {
            ports.set(id, new ConsolePort(id, options.ports().get(id), hostSide));
        }
    }

    /** The ports there are, in the order of their numbers. */
    public List<ConsolePort> ports() {
        List<ConsolePort> there = new ArrayList<>();
        for (int id = 0; id < maxPorts; id++) {
            ConsolePort port = ports.get(id);
            if (port != null) {
                there.add(port);
            }
        }
        return there;
    }

    /**
     * Adds a port; a driver that runs learns of it.
     *
     * @throws IllegalArgumentException where there is one of that name
     * @throws IllegalStateException where there is no room for another
     */
    public synchronized ConsolePort addPort(ConsoleOptions.Port options) {
        int free = -1;
        for (int id = maxPorts - 1; id >= 0; id--) {
            ConsolePort other = ports.get(id);
            if (other == null) {
                free = id;
            } else if (other.name().equals(options.name())) {
                throw new IllegalArgumentException("there is a port " + options.name() + " already; give another name");
            }
        }
        if (free < 0) {
            throw new IllegalStateException(
                    "the console has " + maxPorts + " ports, all that it has room for; remove one first");
        }
        ConsolePort port = new ConsolePort(free, options, hostSide);
        ports.set(free, port);
        loop.execute(() -> withControl(queues -> queues.added(port)));
        return port;
    }

    /**
     * Removes a port; what it has put out can still be read from the object.
     *
     * @throws IllegalArgumentException where the device does not have it, or it is port 0
     */
    public synchronized void removePort(ConsolePort port) {
        if (port.id() == 0 || port.id() >= maxPorts || ports.get(port.id()) != port) {
            throw new IllegalArgumentException(
                    "port " + port.name() + (port.id() == 0 ? " is the device's console and stays" : " is not there"));
        }
        ports.set(port.id(), null);
        loop.execute(() -> {
            port.setGuestOpen(false);
            withControl(queues -> queues.removed(port.id()));
        });
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return SIZE | MULTIPORT | VirtioFeatures.RING;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[counters.size()];
        Arrays.fill(sizes, DATA_QUEUE_SIZE);
        sizes[CONTROL_RECEIVE] = CONTROL_QUEUE_SIZE;
        sizes[CONTROL_TRANSMIT] = CONTROL_QUEUE_SIZE;
        return sizes;
    }

    @Override
    public int configBytes() {
        return CONFIG_BYTES;
    }

    @Override
    public long readConfig(int offset, int size) {
        ConsolePort.Size terminal = first().size();
        ByteBuffer space = ByteBuffer.allocate(CONFIG_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) terminal.columns())
                .putShort((short) terminal.rows())
                .putInt(maxPorts);
        return ConfigBytes.read(space, offset, size);
    }

    private ConsolePort first() {
        return Objects.requireNonNull(ports.get(0));
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        // Emergency output is not offered; nothing else can be written.
    }

    @Override
    public void start(DeviceContext context) {
        started = context;
        // On the loop's thread, so that nothing is served before all of this is in place.
        loop.runAndWait(() -> {
            if (context.has(MULTIPORT)) {
                startControl(context);
            }
            for (int id = 0; id < (context.has(MULTIPORT) ? maxPorts : 1); id++) {
                startPort(context, id);
            }
        });
    }

    private void startControl(DeviceContext context) {
        ControlQueues queuesOfControl =
                new ControlQueues(maxPorts, ports::get, this::guestOpened, counters.get(CONTROL_TRANSMIT));
        control = queuesOfControl;
        ServedQueue receive = open(context, CONTROL_RECEIVE, queuesOfControl::serveReceive);
        if (receive != null) {
            queuesOfControl.sendThrough(receive);
        }
        open(context, CONTROL_TRANSMIT, queuesOfControl::serveTransmit);
    }

    private void startPort(DeviceContext context, int id) {
        // Ports 1 and up come after the control queues (5.3.2).
        int receive = id == 0 ? 0 : 2 * id + 2;
        receivers.set(id, open(context, receive, (queue, chain) -> give(id, counters.get(receive), queue, chain)));
        open(context, receive + 1, (queue, chain) -> take(id, counters.get(receive + 1), queue, chain));
    }

    private @Nullable ServedQueue open(DeviceContext context, int index, ServedQueue.Server server) {
        QueueSetup setup = context.queue(index);
        if (setup == null) {
            return null;
        }
        ServedQueue queue = ServedQueue.open(context, setup, loop, counters.get(index), server);
        queues.add(queue);
        return queue;
    }

    /** Fills a buffer with input. */
    private boolean give(int id, QueueCounters ofQueue, ServedQueue queue, DescriptorChain chain) {
        int room = (int) Math.min(chain.writable().totalBytes(), scratch.length);
        if (room == 0) {
            ofQueue.failed();
            queue.complete(chain, 0, 0, 0);
            return true;
        }
        ConsolePort port = ports.get(id);
        // A driver drops what comes for a channel that nobody in the guest has open.
        int count = port == null || (port.kind() == PortKind.CHANNEL && !port.isGuestOpen())
                ? 0
                : port.takeInput(scratch, room);
        if (count == 0) {
            return false;
        }
        chain.writable().write(0, scratch, 0, count);
        queue.complete(chain, count, 0, count);
        return true;
    }

    /** Keeps output. */
    private boolean take(int id, QueueCounters ofQueue, ServedQueue queue, DescriptorChain chain) {
        ConsolePort port = ports.get(id);
        if (port == null) {
            ofQueue.failed();
        } else {
            port.keepOutput(chain.readable(), scratch);
        }
        queue.complete(chain, 0, chain.readable().totalBytes(), 0);
        return true;
    }

    private void guestOpened(ConsolePort port, boolean open) {
        port.setGuestOpen(open);
        hostSide.inputOffered(port);
    }

    private void withControl(Consumer<ControlQueues> action) {
        ControlQueues queuesOfControl = control;
        if (queuesOfControl != null) {
            action.accept(queuesOfControl);
        }
    }

    /** Hands what happens at the host's end of a port over to the loop's thread. */
    private final class OnLoop implements ConsolePort.HostSide {
        @Override
        public void inputOffered(ConsolePort port) {
            ServedQueue receiver = receivers.get(port.id());
            if (receiver != null) {
                receiver.resume();
            }
        }

        @Override
        public void resized(ConsolePort port) {
            DeviceContext context = started;
            if (port.id() == 0 && context != null) {
                context.configChanged();
            }
            loop.execute(() -> withControl(control -> control.resized(port)));
        }

        @Override
        public void openedOrClosed(ConsolePort port) {
            loop.execute(() -> withControl(control -> control.openedOrClosed(port)));
        }
    }

    @Override
    public void stop() {
        started = null;
        loop.runAndWait(() -> {
            queues.forEach(ServedQueue::close);
            queues.clear();
            control = null;
            for (int id = 0; id < maxPorts; id++) {
                receivers.set(id, null);
            }
            ports().forEach(port -> port.setGuestOpen(false));
        });
    }

    @Override
    public void close() {
        stop();
    }
}
