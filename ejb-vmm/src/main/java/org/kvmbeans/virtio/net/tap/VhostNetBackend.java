package org.kvmbeans.virtio.net.tap;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.net.DataPath;
import org.kvmbeans.virtio.net.NetBackend;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.NetSession;
import org.kvmbeans.virtio.net.NetStatistics;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.vhost.VhostDevice;

/**
 * A NIC on a TAP interface, served by the kernel (vhost-net): packets never pass through this process, which therefore
 * cannot limit them. Where spoofing is not allowed the kernel filters, see {@link SpoofFilter}.
 */
public final class VhostNetBackend implements NetBackend {
    private static final String DEVICE = "/dev/vhost-net";

    private static final long RING_FEATURES =
            VirtioFeatures.INDIRECT_DESCRIPTORS | VirtioFeatures.EVENT_INDEX | NetFeatures.MRG_RXBUF;

    private final Posix posix;
    private final TapInterface tap;
    private final List<VhostDevice> devices;
    private final long kernelFeatures;
    /** The interface's index where it has a filter of ours; 0 where not. */
    private final int filteredIndex;

    private VhostNetBackend(Posix posix, TapInterface tap, List<VhostDevice> devices, int filteredIndex) {
        this.posix = posix;
        this.tap = tap;
        this.devices = devices;
        this.filteredIndex = filteredIndex;
        this.kernelFeatures = devices.get(0).features();
    }

    /**
     * Opens the interface as {@link TapBackend#open} does, and a vhost instance for each pair of queues.
     *
     * @throws NetBackendException where that cannot be
     */
    public static VhostNetBackend open(Posix posix, NetOptions options, String tap, String bridge) {
        List<VhostDevice> devices = new ArrayList<>();
        TapInterface opened = null;
        try {
            for (int i = 0; i < options.queuePairs(); i++) {
                devices.add(openDevice(posix));
            }
            opened = TapInterface.open(posix, options, tap, bridge);
            int filteredIndex = options.allowSpoofing() ? 0 : filter(posix, opened.name(), options);
            return new VhostNetBackend(posix, opened, devices, filteredIndex);
        } catch (RuntimeException e) {
            devices.forEach(VhostDevice::close);
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    private static VhostDevice openDevice(Posix posix) {
        try {
            return VhostDevice.open(posix, DEVICE);
        } catch (PosixException e) {
            throw new NetBackendException(
                    "vhost-net cannot be used: " + e.getMessage() + "; " + VhostDevice.hint(e, DEVICE, "vhost_net")
                            + ", or choose the back end tap",
                    e);
        }
    }

    private static int filter(Posix posix, String name, NetOptions options) {
        try (HostInterface tap = new HostInterface(posix, name)) {
            int index = tap.index();
            SpoofFilter.install(posix, name, index, options.mac());
            return index;
        }
    }

    @Override
    public String kind() {
        return "vhost";
    }

    @Override
    public String interfaceName() {
        return tap.name();
    }

    @Override
    public int queuePairs() {
        return devices.size();
    }

    @Override
    public long features() {
        return NetFeatures.HOST_OFFLOADS | NetFeatures.GUEST_OFFLOADS | (RING_FEATURES & kernelFeatures);
    }

    @Override
    public boolean isLimitable() {
        return false;
    }

    @Override
    public NetStatistics statistics() {
        return tap.statistics();
    }

    @Override
    public DataPath start(NetSession session) {
        long used = session.context().features() & RING_FEATURES & kernelFeatures;
        return VhostDataPath.start(session, tap, devices, used | VirtioFeatures.VERSION_1);
    }

    @Override
    public void close() {
        devices.forEach(VhostDevice::close);
        if (filteredIndex != 0) {
            SpoofFilter.remove(posix, filteredIndex);
        }
        tap.close();
    }
}
