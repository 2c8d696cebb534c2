package org.kvmbeans.virtio.net;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.RateLimits;

/**
 * Gives the guest what the port has for it, straight into the guest's buffers. Loop thread only.
 *
 * <p>How long a packet is shows only when it is read. So it is read into as many buffers as the one before took, with
 * {@link #spill} behind them; what lands there is copied on into further buffers. Where the guest has too few of them the
 * packet waits, whole, in the spill, and nothing more is read until the driver notifies.
 */
final class ReceivePath implements ServedQueue.Server {
    /** Packets taken at one go, so that the loop's other work has its turn. */
    private static final int BATCH = 64;

    /** The longest packet with its header. */
    private static final int SPILL_BYTES = NetHeader.BYTES + NetHeader.MAX_FRAME_BYTES;

    /** Parts of memory that one buffer may have, so that those held and the spill fit one vector. */
    private static final int MAX_SEGMENTS = IoVector.MAX_SEGMENTS / 2 - 1;

    private final ServedPair pair;
    private final FramePort port;
    private final EventLoop loop;
    private final RateLimiter limiter;
    private final QueueCounters counters;
    private final NetCounters traffic;
    private final boolean mergeable;
    private final int queueSize;
    /** Buffers taken from the queue for the next packets. */
    private final ArrayDeque<DescriptorChain> held = new ArrayDeque<>();

    private final IoVector room;
    private final ByteBuffer spill;
    private final long spillAddress;
    private final byte[] bufferCount = new byte[Short.BYTES];

    private @Nullable ServedQueue queue;
    private long heldBytes;
    private int heldSegments;
    /** How many buffers the last packet took. */
    private int expectedBuffers = 1;
    /** Bytes of the packet that waits in the spill; 0 where none does. */
    private int waitingBytes;
    /** Whether that packet was let through by the limiter. */
    private boolean admitted;
    /** Whether the driver must add buffers first. */
    private boolean starved;
    /** Whether the limiter must be waited for. */
    private boolean throttled;

    private boolean continuing;

    /** When the packet before was given to the guest, or the search for the first one began. */
    private long nowNanos;

    ReceivePath(NetSession session, ServedPair pair, FramePort port, EventLoop loop, QueueSetup setup) {
        this.pair = pair;
        this.port = port;
        this.loop = loop;
        limiter = session.receiveLimiter();
        counters = session.counters().get(setup.index());
        traffic = session.traffic();
        mergeable = session.context().has(NetFeatures.MRG_RXBUF);
        queueSize = setup.size();
        room = new IoVector(session.posix(), 2);
        NativeStruct memory = new NativeStruct(session.posix(), SPILL_BYTES);
        spill = memory.buffer();
        spillAddress = memory.address();
    }

    /** The queue to take buffers from. */
    void use(ServedQueue receiveQueue) {
        queue = receiveQueue;
    }

    /** Whether packets could be given to the guest now. */
    boolean wantsPackets() {
        return !starved && !throttled;
    }

    /** The driver has added buffers; they are taken when there is a packet for them. */
    @Override
    public boolean serve(ServedQueue served, DescriptorChain chain) {
        if (starved) {
            starved = false;
            pair.update();
        }
        return false;
    }

    /** Takes packets as soon as the loop has come to it: some may be there that the descriptor does not tell of. */
    void continueSoon() {
        if (!continuing) {
            continuing = true;
            loop.execute(() -> {
                continuing = false;
                run();
            });
        }
    }

    /** Takes packets from the port while there are any and the guest has buffers for them. */
    void run() {
        ServedQueue served = queue;
        if (served == null) {
            return;
        }
        nowNanos = System.nanoTime();
        int taken = 0;
        while (taken < BATCH && pair.carries() && wantsPackets() && receive(served)) {
            taken++;
        }
        served.publish();
        if (taken == BATCH) {
            continueSoon();
        }
    }

    /** Takes one packet; false where there is none, or no way to go on. */
    private boolean receive(ServedQueue served) {
        if (waitingBytes > 0) {
            return deliverWaiting(served);
        }
        boolean limited = !limiter.limits().equals(RateLimits.NONE);
        room.clear();
        if (!limited) {
            if (!holdBuffers(served, expectedBuffers)) {
                starve();
                return false;
            }
            addHeldToRoom();
        }
        long capacity = room.totalBytes();
        room.add(spill, spillAddress, 0, SPILL_BYTES);
        long bytes = port.receive(room);
        if (bytes == FramePort.NOTHING) {
            return false;
        }
        if (bytes == FramePort.BROKEN) {
            pair.broken();
            return false;
        }
        if (bytes > SPILL_BYTES) {
            drop();
            return true;
        }
        if (limited) {
            waitingBytes = (int) bytes;
            return deliverWaiting(served);
        }
        if (bytes <= capacity) {
            deliver(served, bytes);
            return true;
        }
        return deliverSpilled(served, capacity, (int) bytes);
    }

    /** A packet did not fit into the buffers that were held: its end is in the spill. */
    private boolean deliverSpilled(ServedQueue served, long capacity, int bytes) {
        int spilled = (int) (bytes - capacity);
        if (mergeable && holdBytes(served, bytes)) {
            room.clear();
            addHeldToRoom();
            room.copyFrom(capacity, spill.slice(0, spilled));
            deliver(served, bytes);
            return true;
        }
        if (!mergeable) {
            drop();
            return true;
        }
        int start = (int) capacity;
        spill.put(start, spill, 0, spilled);
        room.copyTo(0, spill.slice(0, start));
        waitingBytes = bytes;
        admitted = true;
        return waitForBuffers();
    }

    private boolean deliverWaiting(ServedQueue served) {
        if (!admitted) {
            long wait = limiter.admit(waitingBytes - NetHeader.BYTES);
            if (wait > 0) {
                throttle(wait);
                return false;
            }
            admitted = true;
        }
        if (!holdBytes(served, waitingBytes)) {
            return waitForBuffers();
        }
        room.clear();
        addHeldToRoom();
        room.copyFrom(0, spill.slice(0, waitingBytes));
        deliver(served, waitingBytes);
        forgetWaiting();
        return true;
    }

    /** The packet in the spill stays there until there are buffers for it, unless there never can be. */
    private boolean waitForBuffers() {
        if (!mayHoldMore()) {
            drop();
            forgetWaiting();
            return true;
        }
        starve();
        return false;
    }

    private void forgetWaiting() {
        waitingBytes = 0;
        admitted = false;
    }

    private void drop() {
        counters.failed();
        traffic.receiveDropped();
    }

    /** The queue is empty: the driver notifies of the next buffer, and {@link #serve} hears of it. */
    private void starve() {
        starved = true;
        pair.update();
    }

    private void throttle(long nanos) {
        throttled = true;
        counters.throttled(nanos);
        pair.update();
        loop.schedule(nanos, () -> {
            throttled = false;
            pair.update();
        });
    }

    /** Holds {@code buffers} buffers, or as many as there are; whether there is one. */
    private boolean holdBuffers(ServedQueue served, int buffers) {
        boolean more = true;
        while (more && held.size() < buffers) {
            more = holdOne(served);
        }
        return !held.isEmpty();
    }

    /** Holds buffers for {@code bytes} bytes, or as many as there are; whether the bytes fit. */
    private boolean holdBytes(ServedQueue served, long bytes) {
        boolean more = true;
        while (more && heldBytes < bytes && mayHoldMore()) {
            more = holdOne(served);
        }
        return heldBytes >= bytes;
    }

    private boolean mayHoldMore() {
        return held.size() < (mergeable ? queueSize : 1) && heldSegments < MAX_SEGMENTS;
    }

    private boolean holdOne(ServedQueue served) {
        DescriptorChain chain = served.pop();
        if (chain == null) {
            return false;
        }
        int segments = chain.writable().count();
        long bytes = chain.writable().totalBytes();
        if (bytes < NetHeader.BYTES || segments > MAX_SEGMENTS) {
            pair.end();
            served.fail("a receive buffer of " + bytes + " bytes in " + segments
                    + " parts: it must have room for a packet's header, in " + MAX_SEGMENTS + " parts or fewer");
            return false;
        }
        held.addLast(chain);
        heldBytes += bytes;
        heldSegments += segments;
        return true;
    }

    private void addHeldToRoom() {
        for (DescriptorChain chain : held) {
            long bytes = Math.min(chain.writable().totalBytes(), SPILL_BYTES - room.totalBytes());
            chain.writable().appendTo(room, 0, bytes);
        }
    }

    /** Gives the guest a packet that is in the buffers held, from the first of them on. */
    private void deliver(ServedQueue served, long bytes) {
        int buffers = 0;
        long covered = 0;
        for (DescriptorChain chain : held) {
            if (covered >= bytes) {
                break;
            }
            covered += chain.writable().totalBytes();
            buffers++;
        }
        bufferCount[0] = (byte) buffers;
        bufferCount[1] = (byte) (buffers >> Byte.SIZE);
        held.element().writable().write(NetHeader.NUM_BUFFERS_OFFSET, bufferCount, 0, bufferCount.length);
        long left = bytes;
        for (int i = 0; i < buffers; i++) {
            DescriptorChain chain = held.remove();
            long size = chain.writable().totalBytes();
            long written = Math.min(left, size);
            heldBytes -= size;
            heldSegments -= chain.writable().count();
            served.completePart(chain, written);
            left -= written;
        }
        nowNanos = served.completedParts(nowNanos, bytes - NetHeader.BYTES);
        expectedBuffers = buffers;
        traffic.received(bytes - NetHeader.BYTES);
    }
}
