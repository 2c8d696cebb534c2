package org.kvmbeans.virtio.net.user;

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

/**
 * A NIC without privileges: passt(1), one for each NIC, turns the guest's connections into sockets of the host. The guest
 * finds its address by DHCP and reaches what the host reaches; it is reached through forwarded ports only.
 */
public final class PasstBackend implements NetBackend {
    private final PasstProcess passt;
    private final FrameStream stream;

    private PasstBackend(Posix posix, PasstProcess passt) {
        this.passt = passt;
        this.stream = new FrameStream(posix, passt.socket());
    }

    /**
     * Starts passt for a NIC.
     *
     * @param forwards ports of the host that lead to the guest
     * @throws NetBackendException where passt is not installed or does not start, or for a NIC of several pairs of queues
     */
    public static PasstBackend open(Posix posix, NetOptions options, List<PortForward> forwards) {
        if (options.queuePairs() > 1) {
            throw new NetBackendException(
                    "queues is " + options.queuePairs() + ": with the back end user a NIC has one pair of queues");
        }
        return new PasstBackend(posix, PasstProcess.start(posix, options.mtu(), forwards));
    }

    @Override
    public String kind() {
        return "user";
    }

    @Override
    public String interfaceName() {
        return "";
    }

    @Override
    public int queuePairs() {
        return 1;
    }

    @Override
    public long features() {
        return VirtioFeatures.RING | NetFeatures.MRG_RXBUF;
    }

    @Override
    public boolean isLimitable() {
        return true;
    }

    @Override
    public NetStatistics statistics() {
        return NetStatistics.NONE;
    }

    /** The process id of passt. */
    public long processId() {
        return passt.processId();
    }

    @Override
    public DataPath start(NetSession session) {
        return ServedPairs.start(session, List.of(stream), features -> {});
    }

    @Override
    public void close() {
        passt.close();
    }
}
