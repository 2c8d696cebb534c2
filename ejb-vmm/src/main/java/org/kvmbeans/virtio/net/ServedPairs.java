package org.kvmbeans.virtio.net;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.kvmbeans.sys.EventLoop;

/** The data path of back ends whose packets pass through this process: a thread for each pair of queues. */
public final class ServedPairs implements DataPath {
    private final List<ServedPair> pairs = new ArrayList<>();
    private final List<EventLoop> loops = new ArrayList<>();
    private final LongConsumer setOffloads;
    private int activePairs;

    private ServedPairs(LongConsumer setOffloads) {
        this.setOffloads = setOffloads;
    }

    /**
     * Starts to serve the queues that the driver enabled.
     *
     * @param ports one for each pair
     * @param setOffloads tells the host what the guest takes
     */
    public static ServedPairs start(NetSession session, List<? extends FramePort> ports, LongConsumer setOffloads) {
        ServedPairs served = new ServedPairs(setOffloads);
        try {
            served.guestOffloads(session.context().features() & NetFeatures.GUEST_OFFLOADS);
            for (int i = 0; i < ports.size(); i++) {
                served.open(session, i, ports.get(i));
            }
            served.activatePairs(1);
        } catch (RuntimeException e) {
            served.close();
            throw e;
        }
        return served;
    }

    private void open(NetSession session, int index, FramePort port) {
        if (index >= session.usablePairs()) {
            port.enable(false);
            return;
        }
        EventLoop loop = session.loop();
        if (index > 0) {
            loop = EventLoop.start(
                    session.posix(),
                    "kvmbeans-net-" + index,
                    e -> session.context().needsReset("the NIC's thread failed: " + e));
            loops.add(loop);
        }
        ServedPair pair = new ServedPair(session, index, port, loop);
        pairs.add(pair);
        pair.open();
        pair.activate(false);
    }

    @Override
    public void activatePairs(int count) {
        for (int i = activePairs; i < count; i++) {
            pairs.get(i).activate(true);
        }
        for (int i = count; i < activePairs; i++) {
            pairs.get(i).activate(false);
        }
        activePairs = count;
    }

    @Override
    public void guestOffloads(long features) {
        setOffloads.accept(features);
    }

    @Override
    public void link(boolean up) {
        for (ServedPair pair : pairs) {
            pair.link(up);
        }
    }

    @Override
    public void close() {
        for (ServedPair pair : pairs) {
            pair.close();
        }
        for (EventLoop loop : loops) {
            loop.close();
        }
    }
}
