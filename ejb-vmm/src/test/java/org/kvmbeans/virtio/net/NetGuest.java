package org.kvmbeans.virtio.net;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.Used;

/** The driver's side of a NIC. Used by one thread. */
public final class NetGuest implements AutoCloseable {
    private final DeviceHarness harness;
    private final Map<Long, List<Segment>> provided = new HashMap<>();

    public NetGuest(DeviceHarness harness) {
        this.harness = harness;
    }

    /** A header without any offload. */
    public static byte[] plain() {
        return new byte[NetHeader.BYTES];
    }

    /** A NIC with counters of its own and without limits. */
    public static VirtioNet device(Posix posix, NetOptions options, NetBackend backend) {
        List<QueueCounters> counters = Stream.generate(QueueCounters::new)
                .limit(VirtioNet.queueCount(options.queuePairs()))
                .toList();
        return device(posix, options, backend, counters);
    }

    /** A NIC without limits. */
    public static VirtioNet device(Posix posix, NetOptions options, NetBackend backend, List<QueueCounters> counters) {
        RateLimiter none = new RateLimiter(System::nanoTime);
        RateLimiter noneEither = new RateLimiter(System::nanoTime);
        return new VirtioNet(posix, options, backend, none, noneEither, counters, new NetCounters());
    }

    public DeviceHarness harness() {
        return harness;
    }

    /** Sends a packet through pair 0 and waits until the device is done with it. */
    public void send(byte[] header, byte[] frame) {
        send(0, header, frame);
    }

    /** Sends a packet and waits until the device is done with it. */
    public void send(int pair, byte[] header, byte[] frame) {
        DriverQueue queue = harness.queue(NetSession.transmitIndex(pair));
        queue.submit(transmitSegments(header, frame));
        queue.await();
    }

    /** A packet in two parts, its header and the rest. */
    public List<Segment> transmitSegments(byte[] header, byte[] frame) {
        List<Segment> segments = new ArrayList<>();
        for (byte[] part : List.of(header, frame)) {
            if (part.length > 0) {
                segments.add(Segment.readable(harness.arena().store(part), part.length));
            }
        }
        return segments;
    }

    /** Gives the device receive buffers of pair 0. */
    public void provide(int count, int bytes) {
        provide(0, count, bytes);
    }

    /** Gives the device receive buffers. */
    public void provide(int pair, int count, int bytes) {
        DriverQueue queue = receiveQueue(pair);
        IntStream.range(0, count).forEach(i -> {
            List<Segment> segments = List.of(Segment.writable(harness.arena().allocate(bytes), bytes));
            provided.put(key(pair, queue.add(segments)), segments);
        });
        queue.publish();
        queue.kick();
    }

    private DriverQueue receiveQueue(int pair) {
        return harness.queue(NetSession.receiveIndex(pair));
    }

    private static long key(int pair, int id) {
        return ((long) pair << Integer.SIZE) | id;
    }

    /** The next packet of pair 0 that is wanted, with its header; others are thrown away. */
    public byte[] receive(Predicate<byte[]> wantsFrame) {
        return Await.value("a packet", () -> {
            byte[] packet = poll(0);
            return packet != null && wantsFrame.test(frameOf(packet)) ? packet : null;
        });
    }

    /** The next packet, with its header, put together from its buffers; null where there is none. */
    public byte @Nullable [] poll(int pair) {
        Used used = receiveQueue(pair).poll();
        if (used == null) {
            return null;
        }
        byte[] packet = take(pair, used);
        int buffers = (packet[NetHeader.NUM_BUFFERS_OFFSET] & 0xFF)
                | ((packet[NetHeader.NUM_BUFFERS_OFFSET + 1] & 0xFF) << 8);
        for (int i = 1; i < buffers; i++) {
            byte[] more = take(pair, receiveQueue(pair).await());
            byte[] joined = java.util.Arrays.copyOf(packet, packet.length + more.length);
            System.arraycopy(more, 0, joined, packet.length, more.length);
            packet = joined;
        }
        return packet;
    }

    private byte[] take(int pair, Used used) {
        List<Segment> segments = java.util.Objects.requireNonNull(provided.remove(key(pair, used.id())));
        return receiveQueue(pair).written(segments, used);
    }

    /** A packet without its header. */
    public static byte[] frameOf(byte[] packet) {
        return java.util.Arrays.copyOfRange(packet, NetHeader.BYTES, packet.length);
    }

    /** Makes a request of the control queue; the device's answer, 0 where it did as asked. */
    public int control(int type, int command, byte... data) {
        byte[] request = new byte[data.length + 2];
        request[0] = (byte) type;
        request[1] = (byte) command;
        System.arraycopy(data, 0, request, 2, data.length);
        return controlQueue().request(request, 1)[0];
    }

    /** The last queue where there are several pairs, and the third where the driver uses one. */
    public DriverQueue controlQueue() {
        boolean several = (harness.features() & NetFeatures.MQ) != 0;
        return harness.queue(several ? harness.device().queueSizes().length - 1 : 2);
    }

    /** The driver starts anew. */
    public void restart() {
        provided.clear();
        harness.restart();
    }

    @Override
    public void close() {
        harness.close();
    }
}
