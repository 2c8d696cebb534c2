package org.kvmbeans.virtio.net;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.QueueSetup;

/** One pair of queues and its port, on one event loop. Everything but the public methods runs on the loop's thread. */
final class ServedPair {
    /** EPOLLERR and EPOLLHUP, which epoll(7) reports without being asked. */
    private static final int FAILED = 0x008 | 0x010;

    private final NetSession session;
    private final EventLoop loop;
    private final FramePort port;
    private final int index;

    private @Nullable ServedQueue transmitQueue;
    private @Nullable ServedQueue receiveQueue;
    private @Nullable ReceivePath receive;
    private boolean active;
    private boolean linkUp = true;
    private boolean ended;
    private boolean registered;
    private boolean wantsWritable;
    private int interest;

    ServedPair(NetSession session, int index, FramePort port, EventLoop loop) {
        this.session = session;
        this.index = index;
        this.port = port;
        this.loop = loop;
    }

    /** Opens the queues, as far as the driver enabled them; packets pass once the pair is active. */
    void open() {
        loop.runAndWait(() -> {
            int receiveIndex = NetSession.receiveIndex(index);
            QueueSetup setup = session.context().queue(receiveIndex);
            if (setup != null) {
                ReceivePath path = new ReceivePath(session, this, port, loop, setup);
                receive = path;
                receiveQueue = ServedQueue.open(
                        session.context(), setup, loop, session.counters().get(receiveIndex), path);
                path.use(receiveQueue);
            }
            int transmitIndex = NetSession.transmitIndex(index);
            setup = session.context().queue(transmitIndex);
            if (setup != null) {
                transmitQueue = ServedQueue.open(
                        session.context(),
                        setup,
                        loop,
                        session.counters().get(transmitIndex),
                        new TransmitPath(session, this, port, loop, transmitIndex));
            }
        });
    }

    /** The pair carries packets, or drops those of the guest and takes none from the host. */
    void activate(boolean on) {
        loop.runAndWait(() -> {
            active = on;
            unregister();
            if (!ended) {
                port.enable(on);
                wantsWritable = port.hasUnsent();
                update();
            }
        });
    }

    /** As {@link #activate}, for the NIC's link. */
    void link(boolean up) {
        loop.runAndWait(() -> {
            linkUp = up;
            update();
        });
    }

    void close() {
        loop.runAndWait(() -> {
            ended = true;
            unregister();
            if (receiveQueue != null) {
                receiveQueue.close();
            }
            if (transmitQueue != null) {
                transmitQueue.close();
            }
        });
    }

    /** Whether packets pass. */
    boolean carries() {
        return active && linkUp && !ended;
    }

    /** The port has no room, or something left to send: the transmit queue is looked at again when that has changed. */
    void awaitWritable() {
        if (!wantsWritable) {
            wantsWritable = true;
            update();
        }
    }

    /** Waits for what is wanted now: to read where buffers are there to read into, to write where something is left. */
    void update() {
        if (ended || !active) {
            return;
        }
        ReceivePath path = receive;
        boolean reads = carries() && path != null && path.wantsPackets();
        int wanted = (reads ? EventLoop.READABLE : 0) | (wantsWritable ? EventLoop.WRITABLE : 0);
        if (!registered) {
            loop.register(port.fd(), wanted, this::ready);
            registered = true;
        } else if (wanted != interest) {
            loop.changeInterest(port.fd(), wanted);
        }
        interest = wanted;
        if (path != null && reads) {
            path.continueSoon();
        }
    }

    private void ready(int events) {
        if ((events & EventLoop.WRITABLE) != 0 && port.flush()) {
            wantsWritable = false;
            update();
            if (transmitQueue != null) {
                transmitQueue.resume();
            }
        }
        if ((events & EventLoop.READABLE) != 0 && receive != null) {
            receive.run();
        } else if ((events & FAILED) != 0) {
            broken();
        }
    }

    /** The port carries nothing any more. */
    void broken() {
        if (!ended) {
            end();
            session.onFailure().accept(port.failure());
        }
    }

    /** Nothing passes until the driver resets the device. */
    void end() {
        ended = true;
        unregister();
    }

    private void unregister() {
        if (registered) {
            loop.unregister(port.fd());
            registered = false;
        }
    }
}
