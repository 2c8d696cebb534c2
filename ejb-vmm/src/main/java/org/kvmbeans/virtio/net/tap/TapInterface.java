package org.kvmbeans.virtio.net.tap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.net.FramePort;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.NetStatistics;

/**
 * A TAP interface with one descriptor for each queue. One that this process made disappears when it is closed; one that was
 * there before stays.
 */
final class TapInterface implements AutoCloseable {
    private static final String DEVICE = "/dev/net/tun";
    private static final Path INTERFACES = Path.of("/sys/class/net");
    /** What the kernel makes a name of that nobody gave: {@code %d} is the first free number. */
    private static final String NAME_PATTERN = "kvmb%d";
    /** The first byte of the addresses that ports of a bridge get, higher than any other: a bridge takes its lowest one. */
    private static final long PORT_ADDRESS = 0xFEL << 40;

    private static final long ADDRESS_TAIL = (1L << 40) - 1;

    private final Posix posix;
    private final List<OwnedFd> queues = new ArrayList<>();
    private final boolean[] attached;
    private String name = "";
    private NetStatistics before = NetStatistics.NONE;

    private TapInterface(Posix posix, int queuePairs) {
        this.posix = posix;
        this.attached = new boolean[queuePairs];
    }

    /**
     * Opens or makes an interface, with MTU and bridge as they should be, up.
     *
     * @param tap its name; empty for one that the kernel chooses
     * @param bridge whose port it becomes; empty for none
     * @throws NetBackendException where that cannot be
     */
    static TapInterface open(Posix posix, NetOptions options, String tap, String bridge) {
        TapInterface opened = new TapInterface(posix, options.queuePairs());
        try {
            boolean existed = !tap.isEmpty() && exists(HostInterface.checkedName(tap));
            if (!bridge.isEmpty()
                    && !Files.exists(INTERFACES
                            .resolve(HostInterface.checkedName(bridge))
                            .resolve("bridge"))) {
                throw new NetBackendException("there is no bridge " + bridge + " on this host");
            }
            opened.openQueues(tap.isEmpty() ? NAME_PATTERN : tap, options.queuePairs());
            opened.configure(options, bridge, existed);
            opened.before = opened.kernelStatistics();
            return opened;
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private static boolean exists(String name) {
        return Files.exists(INTERFACES.resolve(name));
    }

    private void openQueues(String wantedName, int queuePairs) {
        NativeStruct ifreq = new NativeStruct(posix, HostInterface.IFREQ_BYTES);
        long flags = TunIoctl.IFF_TAP | TunIoctl.IFF_NO_PI | TunIoctl.IFF_VNET_HDR;
        if (queuePairs > 1) {
            flags |= TunIoctl.IFF_MULTI_QUEUE;
        }
        String queueName = wantedName;
        for (int i = 0; i < queuePairs; i++) {
            OwnedFd queue = openDevice();
            queues.add(queue);
            int result = setInterface(queue, ifreq, queueName, flags);
            if (result == -Errno.EINVAL && queuePairs == 1) {
                // An interface that is there already may have been made for several queues.
                result = setInterface(queue, ifreq, queueName, flags | TunIoctl.IFF_MULTI_QUEUE);
            }
            if (result < 0) {
                throw refused(queueName, -result, queuePairs);
            }
            attached[i] = true;
            queueName = nameIn(ifreq);
            NativeStruct size = new NativeStruct(posix, Integer.BYTES);
            size.buffer().putInt(0, FramePort.HEADER_BYTES);
            queue.ioctl("TUNSETVNETHDRSZ", TunIoctl.TUNSETVNETHDRSZ, size, queueName);
        }
        name = queueName;
    }

    private OwnedFd openDevice() {
        int fd = posix.open(DEVICE, Open.RDWR | Open.CLOEXEC | Open.NONBLOCK);
        if (fd < 0) {
            throw new NetBackendException(
                    "opening " + DEVICE + " failed: " + Errno.name(-fd)
                            + (fd == -Errno.ENOENT || fd == -Errno.ENODEV
                                    ? "; load the module tun"
                                    : "; this user must be allowed to read and write it"),
                    new PosixException("open", -fd, DEVICE));
        }
        return new OwnedFd(posix, fd);
    }

    private static int setInterface(OwnedFd queue, NativeStruct ifreq, String name, long flags) {
        HostInterface.fill(ifreq, name);
        ifreq.buffer().putShort(HostInterface.NAME_BYTES, (short) flags);
        return queue.ioctl(TunIoctl.TUNSETIFF, ifreq.address());
    }

    private static NetBackendException refused(String name, int errno, int queuePairs) {
        String why = switch (errno) {
            case Errno.EPERM ->
                "; it takes CAP_NET_ADMIN, or a TAP interface that belongs to this user: "
                        + "ip tuntap add NAME mode tap vnet_hdr user USER";
            case Errno.EBUSY -> "; another process uses it";
            case Errno.EINVAL ->
                queuePairs > 1
                        ? "; for " + queuePairs + " queues it must be a TAP interface made with multi_queue"
                        : "; it must be a TAP interface";
            default -> "";
        };
        return new NetBackendException(
                "the TAP interface " + name + " cannot be used: " + Errno.name(errno) + why,
                new PosixException("TUNSETIFF", errno, name));
    }

    private static String nameIn(NativeStruct ifreq) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < HostInterface.NAME_BYTES && ifreq.buffer().get(i) != 0; i++) {
            text.append((char) ifreq.buffer().get(i));
        }
        return text.toString();
    }

    private void configure(NetOptions options, String bridge, boolean existed) {
        try (HostInterface tap = new HostInterface(posix, name)) {
            if (!bridge.isEmpty() && !existed) {
                long address = PORT_ADDRESS | (options.mac().value() & ADDRESS_TAIL);
                // The guest's own address would make the bridge keep the guest's packets.
                tap.address(new MacAddress(address == options.mac().value() ? address ^ 1 : address));
            }
            tap.mtu(options.mtu());
            if (!bridge.isEmpty() && !bridge.equals(currentBridge())) {
                try (HostInterface master = new HostInterface(posix, bridge)) {
                    master.addPort(name, tap.index());
                }
            }
            tap.up();
        }
    }

    private String currentBridge() {
        try {
            Path master = INTERFACES.resolve(name).resolve("master");
            return Files.exists(master) ? master.toRealPath().getFileName().toString() : "";
        } catch (IOException e) {
            return "";
        }
    }

    String name() {
        return name;
    }

    /** The descriptor of a queue. */
    int queueFd(int queue) {
        return queues.get(queue).number();
    }

    /** Packets for the guest come to this queue too, or do not. */
    void attach(int queue, boolean on) {
        if (queues.size() == 1 || attached[queue] == on) {
            return;
        }
        NativeStruct ifreq = new NativeStruct(posix, HostInterface.IFREQ_BYTES);
        long flags = on ? TunIoctl.IFF_ATTACH_QUEUE : TunIoctl.IFF_DETACH_QUEUE;
        ifreq.buffer().putShort(HostInterface.NAME_BYTES, (short) flags);
        queues.get(queue).ioctl("TUNSETQUEUE", TunIoctl.TUNSETQUEUE, ifreq, name + ", queue=" + queue);
        attached[queue] = on;
    }

    /** Tells the kernel what the guest takes; what depends on another offload goes without it. */
    void guestOffloads(long features) {
        long offloads = 0;
        if ((features & NetFeatures.GUEST_CSUM) != 0) {
            offloads = TunIoctl.TUN_F_CSUM
                    | bit(features, NetFeatures.GUEST_TSO4, TunIoctl.TUN_F_TSO4)
                    | bit(features, NetFeatures.GUEST_TSO6, TunIoctl.TUN_F_TSO6)
                    | bit(features, NetFeatures.GUEST_UFO, TunIoctl.TUN_F_UFO);
            if ((offloads & (TunIoctl.TUN_F_TSO4 | TunIoctl.TUN_F_TSO6)) != 0) {
                offloads |= bit(features, NetFeatures.GUEST_ECN, TunIoctl.TUN_F_TSO_ECN);
            }
        }
        queues.get(0)
                .ioctl("TUNSETOFFLOAD", TunIoctl.TUNSETOFFLOAD, offloads, name + ", 0x" + Long.toHexString(offloads));
    }

    private static long bit(long features, long feature, long offload) {
        return (features & feature) == 0 ? 0 : offload;
    }

    /** What the kernel counted since this was opened, seen from the guest; nothing once the interface is gone. */
    NetStatistics statistics() {
        if (!exists(name)) {
            return NetStatistics.NONE;
        }
        return kernelStatistics().since(before);
    }

    private NetStatistics kernelStatistics() {
        // What the host sends, the guest receives.
        return new NetStatistics(
                counter("tx_packets"),
                counter("tx_bytes"),
                counter("tx_dropped"),
                counter("rx_packets"),
                counter("rx_bytes"),
                counter("rx_dropped"));
    }

    private long counter(String counter) {
        try {
            return Long.parseLong(Files.readString(
                            INTERFACES.resolve(name).resolve("statistics").resolve(counter))
                    .strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        queues.forEach(OwnedFd::close);
    }
}
