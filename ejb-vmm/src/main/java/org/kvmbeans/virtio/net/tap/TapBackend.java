package org.kvmbeans.virtio.net.tap;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.net.DataPath;
import org.kvmbeans.virtio.net.NetBackend;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.NetSession;
import org.kvmbeans.virtio.net.NetStatistics;
import org.kvmbeans.virtio.net.ServedPairs;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** A NIC on a TAP interface, served by threads of this process: limits and checks apply to every packet. */
public final class TapBackend implements NetBackend {
    private final TapInterface tap;
    private final List<TapPort> ports = new ArrayList<>();

    private TapBackend(Posix posix, TapInterface tap, int queuePairs) {
        this.tap = tap;
        for (int i = 0; i < queuePairs; i++) {
            ports.add(new TapPort(posix, tap, i));
        }
    }

    /**
     * Opens the interface {@code tap}, or makes it where there is none of that name.
     *
     * @param tap its name; empty for one of the kernel's choice
     * @param bridge whose port it becomes; empty for none
     * @throws NetBackendException where that cannot be
     */
    public static TapBackend open(Posix posix, NetOptions options, String tap, String bridge) {
        return new TapBackend(posix, TapInterface.open(posix, options, tap, bridge), options.queuePairs());
    }

    @Override
    public String kind() {
        return "tap";
    }

    @Override
    public String interfaceName() {
        return tap.name();
    }

    @Override
    public int queuePairs() {
        return ports.size();
    }

    @Override
    public long features() {
        return VirtioFeatures.RING | NetFeatures.HOST_OFFLOADS | NetFeatures.GUEST_OFFLOADS | NetFeatures.MRG_RXBUF;
    }

    @Override
    public boolean isLimitable() {
        return true;
    }

    /** What the kernel dropped because the guest did not take it; all else passes through this process. */
    @Override
    public NetStatistics statistics() {
        return new NetStatistics(0, 0, tap.statistics().receiveDropped(), 0, 0, 0);
    }

    @Override
    public DataPath start(NetSession session) {
        return ServedPairs.start(session, ports, tap::guestOffloads);
    }

    @Override
    public void close() {
        tap.close();
    }
}
