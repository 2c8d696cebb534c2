package org.kvmbeans.machine.device;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.definition.NicDefinition;
import org.kvmbeans.machine.definition.NicDefinition.Backend;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackend;
import org.kvmbeans.virtio.net.NetCounters;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.NetStatistics;
import org.kvmbeans.virtio.net.VirtioNet;
import org.kvmbeans.virtio.net.tap.TapBackend;
import org.kvmbeans.virtio.net.tap.VhostNetBackend;
import org.kvmbeans.virtio.net.user.PasstBackend;
import org.kvmbeans.virtio.net.user.PortForward;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** A virtio network interface of a machine. Its place on the host is open while the machine is powered. */
public final class VmNic extends VmDevice {
    private final NetCounters traffic = new NetCounters();
    private final RateLimiter transmitLimiter = new RateLimiter(System::nanoTime);
    private final RateLimiter receiveLimiter = new RateLimiter(System::nanoTime);
    private volatile NicDefinition definition;
    private volatile boolean linkUp = true;
    private volatile @Nullable VirtioNet device;

    public VmNic(NicDefinition definition) {
        super(definition.name(), DeviceKind.NIC, VirtioNet.queueCount(definition.queues()));
        this.definition = definition;
        transmitLimiter.limit(definition.transmitLimits());
        receiveLimiter.limit(definition.receiveLimits());
    }

    /** The present definition: {@link #limit} changes it. */
    public NicDefinition definition() {
        return definition;
    }

    /** The network interface on the host; empty while the machine is off, and where the back end has none. */
    public String hostInterface() {
        VirtioNet current = device;
        return current == null ? "" : current.interfaceName();
    }

    /** Whether packets from other addresses than the NIC's are dropped. */
    public boolean spoofingBlocked() {
        VirtioNet current = device;
        return current == null ? !definition.allowSpoofing() : current.isSpoofingBlocked();
    }

    /** Whether the guest sees its link up, or will when the machine starts. */
    public boolean linkUp() {
        VirtioNet current = device;
        return current == null ? linkUp : current.isLinkUp();
    }

    /** Plugs the cable in or pulls it, at once and for later power cycles of this object. */
    public void setLink(boolean up) {
        linkUp = up;
        VirtioNet current = device;
        if (current != null) {
            current.setLink(up);
        }
    }

    /** What went through since the definition. */
    public NetStatistics statistics() {
        VirtioNet current = device;
        return current == null ? traffic.read() : current.statistics();
    }

    /** Refuses where limits cannot be kept. */
    public void requireLimitable() {
        if (definition.backend() == Backend.VHOST) {
            throw new IllegalStateException("NIC " + name() + " is served by the kernel's vhost, which knows no limits;"
                    + " define it with the backend \"tap\"");
        }
    }

    /** Limits the packets to come, at once; whoever calls keeps the definition. */
    public void limit(RateLimits transmit, RateLimits receive) {
        definition = definition.withLimits(transmit, receive);
        VirtioNet current = device;
        if (current == null) {
            transmitLimiter.limit(transmit);
            receiveLimiter.limit(receive);
        } else {
            current.limitTransmit(transmit);
            current.limitReceive(receive);
        }
    }

    @Override
    public String lastError() {
        VirtioNet current = device;
        return current == null ? super.lastError() : current.lastError().orElseGet(super::lastError);
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        NetOptions options = new NetOptions(
                MacAddress.parse(definition.mac()), definition.queues(), definition.mtu(), definition.allowSpoofing());
        NetBackend backend = openBackend(host.posix(), options);
        try {
            VirtioNet opened =
                    new VirtioNet(host.posix(), options, backend, transmitLimiter, receiveLimiter, counters(), traffic);
            opened.setLink(linkUp);
            device = opened;
            return opened;
        } catch (RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    private NetBackend openBackend(Posix posix, NetOptions options) {
        return switch (definition.backend()) {
            case VHOST -> VhostNetBackend.open(posix, options, definition.tap(), definition.bridge());
            case TAP -> TapBackend.open(posix, options, definition.tap(), definition.bridge());
            case USER ->
                PasstBackend.open(
                        posix,
                        options,
                        definition.forwards().stream().map(PortForward::parse).toList());
        };
    }

    @Override
    public void detached() {
        device = null;
        super.detached();
    }
}
