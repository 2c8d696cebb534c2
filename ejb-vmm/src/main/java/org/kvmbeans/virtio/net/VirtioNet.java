package org.kvmbeans.virtio.net;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.spi.VirtioDevice;

/**
 * A network card (virtio 1.2, 5.1): pairs of receive and transmit queues, and a control queue, over a {@link NetBackend}.
 *
 * <p>All methods may be called from any thread. It owns its back end.
 */
public final class VirtioNet implements VirtioDevice {
    private static final int TYPE = 1;
    private static final int QUEUE_SIZE = 256;
    private static final int CONTROL_QUEUE_SIZE = 64;

    private final Posix posix;
    private final NetOptions options;
    private final NetBackend backend;
    private final RateLimiter transmitLimiter;
    private final RateLimiter receiveLimiter;
    private final List<QueueCounters> counters;
    private final NetCounters traffic;
    private final NetConfig config;

    /** Guards starting, stopping and the link, but nothing that the loops' threads do. */
    private final Object lock = new Object();

    /** Guards that what the back end counted is counted once. */
    private final Object statisticsLock = new Object();

    private boolean linkWanted = true;
    private volatile boolean closed;
    private volatile @Nullable Running running;
    private volatile @Nullable String lastError;

    /** What there is between start and stop. */
    private record Running(
            DeviceContext context,
            EventLoop loop,
            DataPath path,
            @Nullable ServedQueue control) {}

    /**
     * Makes the device.
     *
     * @param backend is the device's from now on
     * @param counters one for each queue: {@link #queueCount}
     * @throws IllegalArgumentException for limits that the back end cannot keep, or counters or queues that do not match
     */
    public VirtioNet(
            Posix posix,
            NetOptions options,
            NetBackend backend,
            RateLimiter transmitLimiter,
            RateLimiter receiveLimiter,
            List<QueueCounters> counters,
            NetCounters traffic) {
        if (counters.size() != queueCount(options.queuePairs()) || backend.queuePairs() != options.queuePairs()) {
            throw new IllegalArgumentException(counters.size() + " counters and a back end of " + backend.queuePairs()
                    + " pairs for a NIC of " + options.queuePairs());
        }
        this.posix = posix;
        this.options = options;
        this.backend = backend;
        this.transmitLimiter = transmitLimiter;
        this.receiveLimiter = receiveLimiter;
        this.counters = List.copyOf(counters);
        this.traffic = traffic;
        this.config = new NetConfig(options);
        checkLimits(transmitLimiter.limits());
        checkLimits(receiveLimiter.limits());
    }

    /** How many queues a NIC of so many pairs has: theirs and the control queue. */
    public static int queueCount(int queuePairs) {
        return 2 * queuePairs + 1;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        long offered = backend.features()
                | NetFeatures.MAC
                | NetFeatures.STATUS
                | NetFeatures.MTU
                | NetFeatures.CTRL_VQ
                | NetFeatures.CTRL_RX
                | NetFeatures.CTRL_MAC_ADDR
                | NetFeatures.GUEST_ANNOUNCE;
        if (options.queuePairs() > 1) {
            offered |= NetFeatures.MQ;
        }
        if ((offered & NetFeatures.GUEST_OFFLOADS) != 0) {
            offered |= NetFeatures.CTRL_GUEST_OFFLOADS;
        }
        return offered;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queueCount(options.queuePairs())];
        Arrays.fill(sizes, QUEUE_SIZE);
        sizes[sizes.length - 1] = CONTROL_QUEUE_SIZE;
        return sizes;
    }

    @Override
    public int configBytes() {
        return NetConfig.BYTES;
    }

    @Override
    public long readConfig(int offset, int size) {
        return config.read(offset, size);
    }

    /** Nothing is writable: the address is changed through the control queue. */
    @Override
    public void writeConfig(int offset, int size, long value) {}

    @Override
    public void start(DeviceContext context) {
        try {
            synchronized (lock) {
                if (!closed && running == null) {
                    running = run(context);
                }
            }
        } catch (RuntimeException e) {
            lastError = e.getMessage();
            context.needsReset("the NIC does not start: " + e.getMessage());
        }
    }

    private Running run(DeviceContext context) {
        config.mac(options.mac());
        config.announceWanted(false);
        config.linkUp(linkWanted);
        lastError = null;
        EventLoop loop =
                EventLoop.start(posix, "kvmbeans-net", e -> context.needsReset("the NIC's thread failed: " + e));
        NetSession session = new NetSession(
                posix,
                context,
                options,
                loop,
                transmitLimiter,
                receiveLimiter,
                counters,
                traffic,
                why -> backendFailed(context, why));
        DataPath path = null;
        try {
            path = backend.start(session);
            path.link(linkWanted);
            return new Running(context, loop, path, openControlQueue(session, path));
        } catch (RuntimeException e) {
            if (path != null) {
                path.close();
            }
            loop.close();
            throw e;
        }
    }

    /** The control queue comes after as many pairs as the driver may use (virtio 1.2, 5.1.2). */
    private @Nullable ServedQueue openControlQueue(NetSession session, DataPath path) {
        int index = 2 * session.usablePairs();
        QueueSetup setup = session.context().queue(index);
        if (setup == null || !session.context().has(NetFeatures.CTRL_VQ)) {
            return null;
        }
        QueueCounters counted = counters.get(index);
        ControlQueue server = new ControlQueue(session.context().features(), counted, new Control(session, path));
        return ServedQueue.open(session.context(), setup, session.loop(), counted, server);
    }

    @Override
    public void stop() {
        synchronized (lock) {
            Running current = running;
            running = null;
            if (current != null) {
                ServedQueue control = current.control;
                if (control != null) {
                    current.loop.runAndWait(control::close);
                }
                current.path.close();
                current.loop.close();
            }
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            stop();
            if (!closed) {
                synchronized (statisticsLock) {
                    closed = true;
                    traffic.add(backend.statistics());
                }
                backend.close();
            }
        }
    }

    /** Plugs the cable in or pulls it: the guest sees it, and no packet passes while it is out. */
    public void setLink(boolean up) {
        Running current;
        synchronized (lock) {
            linkWanted = up;
            boolean now = up && lastError == null;
            if (config.linkUp() == now) {
                return;
            }
            config.linkUp(now);
            current = running;
            if (current != null) {
                current.path.link(now);
                config.announceWanted(now && current.context.has(NetFeatures.GUEST_ANNOUNCE));
            }
        }
        if (current != null) {
            current.context.configChanged();
        }
    }

    /** Whether the guest sees the link up. */
    public boolean isLinkUp() {
        return config.linkUp();
    }

    /** The address that the NIC has now. */
    public MacAddress mac() {
        return config.mac();
    }

    /** How it is. */
    public NetOptions options() {
        return options;
    }

    /** Whether packets from other addresses than the NIC's are dropped on their way out. */
    public boolean isSpoofingBlocked() {
        return !options.allowSpoofing();
    }

    /** The back end's name: {@code vhost}, {@code tap} or {@code user}. */
    public String backendKind() {
        return backend.kind();
    }

    /** The network interface on the host; empty where the back end has none. */
    public String interfaceName() {
        return backend.interfaceName();
    }

    /** Why the link is down although nobody pulled the cable; empty where nothing is wrong. */
    public Optional<String> lastError() {
        return Optional.ofNullable(lastError);
    }

    /** What went through the NIC since its counters were made. */
    public NetStatistics statistics() {
        synchronized (statisticsLock) {
            return closed ? traffic.read() : traffic.read().plus(backend.statistics());
        }
    }

    /** Limits what the guest sends; {@link IllegalArgumentException} where the back end cannot. */
    public void limitTransmit(RateLimits limits) {
        checkLimits(limits);
        transmitLimiter.limit(limits);
    }

    /** Limits what the guest is given; {@link IllegalArgumentException} where the back end cannot. */
    public void limitReceive(RateLimits limits) {
        checkLimits(limits);
        receiveLimiter.limit(limits);
    }

    private void checkLimits(RateLimits limits) {
        if (!backend.isLimitable() && !limits.equals(RateLimits.NONE)) {
            throw new IllegalArgumentException(
                    "a NIC with the back end " + backend.kind()
                            + " cannot be limited, because its packets do not pass through this process: choose the back end tap");
        }
    }

    /** On a thread of the data path, which has ended by itself. */
    private void backendFailed(DeviceContext context, String why) {
        lastError = why;
        config.linkUp(false);
        context.configChanged();
    }

    /** What the driver asks for through the control queue, on the loop's thread. */
    private final class Control implements ControlQueue.Actions {
        private final NetSession session;
        private final DataPath path;

        Control(NetSession session, DataPath path) {
            this.session = session;
            this.path = path;
        }

        @Override
        public boolean setMac(long value) {
            if (value == config.mac().value()) {
                return true;
            }
            if (!options.allowSpoofing()) {
                return false;
            }
            try {
                config.mac(new MacAddress(value));
                return true;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }

        @Override
        public boolean activatePairs(int count) {
            if (count < 1 || count > session.usablePairs()) {
                return false;
            }
            path.activatePairs(count);
            return true;
        }

        @Override
        public boolean setGuestOffloads(long features) {
            path.guestOffloads(features);
            return true;
        }

        @Override
        public boolean announced() {
            config.announceWanted(false);
            return true;
        }
    }
}
