package org.kvmbeans.virtio.net.tap;

import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.virtio.net.DataPath;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetSession;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.vhost.VhostDevice;
import org.kvmbeans.virtio.vhost.VhostQueue;

/** The data path in the kernel: this process connects the rings with the TAP interface's queues, and is out of it. */
final class VhostDataPath implements DataPath {
    /** {@code VHOST_NET_SET_BACKEND}: connects a ring with a socket or a TAP descriptor, or with nothing. */
    static final long VHOST_NET_SET_BACKEND = 0x4008AF30;

    private static final int NOTHING = -1;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    /** One pair's rings, as far as the driver enabled them. */
    private record Pair(VhostDevice device, List<VhostQueue> queues, List<Integer> rings) {}

    private final NetSession session;
    private final TapInterface tap;
    private final List<Pair> pairs = new ArrayList<>();
    private int activePairs;
    private boolean linkUp = true;

    private VhostDataPath(NetSession session, TapInterface tap) {
        this.session = session;
        this.tap = tap;
    }

    static VhostDataPath start(NetSession session, TapInterface tap, List<VhostDevice> devices, long features) {
        VhostDataPath path = new VhostDataPath(session, tap);
        try {
            path.guestOffloads(session.context().features() & NetFeatures.GUEST_OFFLOADS);
            for (int i = 0; i < devices.size(); i++) {
                if (i < session.usablePairs()) {
                    path.open(i, devices.get(i), features);
                }
                tap.attach(i, i == 0);
            }
            path.activatePairs(1);
        } catch (RuntimeException e) {
            path.close();
            throw e;
        }
        return path;
    }

    private void open(int pair, VhostDevice device, long features) {
        device.useFeatures(features);
        device.useMemory(session.context().memory());
        Pair opened = new Pair(device, new ArrayList<>(), new ArrayList<>());
        pairs.add(opened);
        add(opened, RECEIVE, NetSession.receiveIndex(pair));
        add(opened, TRANSMIT, NetSession.transmitIndex(pair));
    }

    private void add(Pair pair, int ring, int queueIndex) {
        QueueSetup setup = session.context().queue(queueIndex);
        if (setup != null) {
            pair.queues.add(pair.device.addQueue(ring, setup, session.context(), session.loop()));
            pair.rings.add(ring);
        }
    }

    @Override
    public synchronized void activatePairs(int count) {
        for (int i = 0; i < pairs.size(); i++) {
            boolean on = i < count;
            if (on != i < activePairs) {
                tap.attach(i, on || i == 0);
                connect(i, on && linkUp);
            }
        }
        activePairs = count;
    }

    @Override
    public synchronized void guestOffloads(long features) {
        tap.guestOffloads(features);
    }

    @Override
    public synchronized void link(boolean up) {
        if (up == linkUp) {
            return;
        }
        linkUp = up;
        for (int i = 0; i < Math.min(activePairs, pairs.size()); i++) {
            connect(i, up);
        }
    }

    private void connect(int index, boolean on) {
        Pair pair = pairs.get(index);
        NativeStruct file = new NativeStruct(session.posix(), 2 * Integer.BYTES);
        for (int ring : pair.rings) {
            int fd = on ? tap.queueFd(index) : NOTHING;
            file.buffer().putInt(0, ring).putInt(Integer.BYTES, fd);
            pair.device.call("VHOST_NET_SET_BACKEND", VHOST_NET_SET_BACKEND, file, "ring=" + ring + ", fd=" + fd);
        }
    }

    @Override
    public synchronized void close() {
        for (int i = 0; i < pairs.size(); i++) {
            connect(i, false);
            pairs.get(i).queues.forEach(VhostQueue::close);
        }
    }
}
