package org.kvmbeans.virtio.net;

import java.nio.ByteBuffer;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.GuestBuffers;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimiter;

/**
 * Sends what the guest sends: checked by its headers, and from the guest's memory straight to the port. Loop thread only.
 *
 * <p>The headers are checked and sent from a copy, since the guest may change its memory at any time.
 */
final class TransmitPath implements ServedQueue.Server {
    /** What is copied: the packet's virtio and Ethernet headers. */
    private static final int HEAD_BYTES = NetHeader.BYTES + NetHeader.ETHERNET_BYTES;

    private static final long ANY_SOURCE = -1;

    private final ServedPair pair;
    private final FramePort port;
    private final EventLoop loop;
    private final RateLimiter limiter;
    private final QueueCounters counters;
    private final NetCounters traffic;
    private final long features;
    private final long permittedSource;
    private final byte[] head = new byte[HEAD_BYTES];
    private final ByteBuffer headBuffer;
    private final long headAddress;
    private final IoVector packet;
    /** Whether the packet that the port had no room for was let through by the limiter already. */
    private boolean admitted;

    TransmitPath(NetSession session, ServedPair pair, FramePort port, EventLoop loop, int queueIndex) {
        this.pair = pair;
        this.port = port;
        this.loop = loop;
        Posix posix = session.posix();
        limiter = session.transmitLimiter();
        counters = session.counters().get(queueIndex);
        traffic = session.traffic();
        features = session.context().features();
        permittedSource = session.options().allowSpoofing()
                ? ANY_SOURCE
                : session.options().mac().value();
        NativeStruct copy = new NativeStruct(posix, HEAD_BYTES);
        headBuffer = copy.buffer();
        headAddress = copy.address();
        packet = new IoVector(posix, 2);
    }

    @Override
    public boolean serve(ServedQueue queue, DescriptorChain chain) {
        GuestBuffers data = chain.readable();
        long frameBytes = data.totalBytes() - NetHeader.BYTES;
        if (!pair.carries()) {
            drop(queue, chain, frameBytes);
            return true;
        }
        if (!isSendable(data, frameBytes)) {
            refuse(queue, chain, frameBytes);
            return true;
        }
        if (!admitted) {
            long wait = limiter.admit(frameBytes);
            if (wait > 0) {
                counters.throttled(wait);
                loop.schedule(wait, queue::resume);
                return false;
            }
            admitted = true;
        }
        packet.clear();
        headBuffer.put(0, head);
        packet.add(headBuffer, headAddress, 0, HEAD_BYTES);
        data.appendTo(packet, HEAD_BYTES, data.totalBytes() - HEAD_BYTES);
        FramePort.Sent sent = port.send(packet);
        if (sent == FramePort.Sent.FULL) {
            pair.awaitWritable();
            return false;
        }
        admitted = false;
        switch (sent) {
            case DONE -> {
                traffic.transmitted(frameBytes);
                queue.complete(chain, 0, frameBytes, 0);
                if (port.hasUnsent()) {
                    pair.awaitWritable();
                }
            }
            case BROKEN -> {
                drop(queue, chain, frameBytes);
                pair.broken();
            }
            default -> refuse(queue, chain, frameBytes);
        }
        return true;
    }

    private boolean isSendable(GuestBuffers data, long frameBytes) {
        if (frameBytes < NetHeader.ETHERNET_BYTES
                || frameBytes > NetHeader.MAX_FRAME_BYTES
                || data.count() >= IoVector.MAX_SEGMENTS) {
            return false;
        }
        data.read(0, head, 0, HEAD_BYTES);
        return NetHeader.isSendable(head, frameBytes, features)
                && (permittedSource == ANY_SOURCE
                        || MacAddress.valueAt(head, NetHeader.BYTES + NetHeader.SOURCE_OFFSET) == permittedSource);
    }

    private void refuse(ServedQueue queue, DescriptorChain chain, long frameBytes) {
        counters.failed();
        drop(queue, chain, frameBytes);
    }

    private void drop(ServedQueue queue, DescriptorChain chain, long frameBytes) {
        traffic.transmitDropped();
        queue.complete(chain, 0, Math.max(0, frameBytes), 0);
    }
}
