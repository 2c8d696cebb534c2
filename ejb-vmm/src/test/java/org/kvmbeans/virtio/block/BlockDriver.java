package org.kvmbeans.virtio.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;
import org.kvmbeans.virtio.testdriver.Used;

/** A disk under test and the requests of a driver to it. */
final class BlockDriver implements AutoCloseable {
    static final int IN = 0;
    static final int OUT = 1;
    static final int FLUSH = 4;
    static final int GET_ID = 8;
    static final int DISCARD = 11;
    static final int SECURE_ERASE = 14;
    static final int WRITE_ZEROES = 13;
    static final int OK = 0;
    static final int IOERR = 1;
    static final int UNSUPP = 2;
    /** What the status byte holds before the device writes it. */
    static final int NONE = 0xAA;

    final DeviceHarness harness;
    final VirtioBlock device;
    final List<QueueCounters> counters;
    final BlockCounters operations;
    private final Map<Integer, Request> out = new HashMap<>();

    /** A request that was submitted. */
    record Request(List<Segment> segments, long statusGpa, long dataGpa, int dataBytes) {}

    /** What became of a request. */
    static final class Answer {
        private final int status;
        private final byte[] data;
        private final long writtenBytes;

        Answer(int status, byte[] data, long writtenBytes) {
            this.status = status;
            this.data = data;
            this.writtenBytes = writtenBytes;
        }

        int status() {
            return status;
        }

        /** The room for data, whatever of it was written. */
        byte[] data() {
            return data;
        }

        /** What the used ring says. */
        long writtenBytes() {
            return writtenBytes;
        }
    }

    private BlockDriver(DeviceHarness harness, VirtioBlock device, Parts parts) {
        this.harness = harness;
        this.device = device;
        this.counters = parts.counters;
        this.operations = parts.operations;
    }

    /** What a disk under test is made of. */
    static final class Parts {
        final List<QueueCounters> counters = new ArrayList<>();
        final BlockCounters operations = new BlockCounters();
        RateLimiter limiter = new RateLimiter(System::nanoTime);
        ErrorListener listener = failure -> {};
        ErrorPolicy policy = ErrorPolicy.REPORT;
        BlockOptions.Unmap unmap = BlockOptions.Unmap.OFFERED;
        int queues = 1;
        int blockBytes = 512;
        boolean packed;
        long without;

        VirtioBlock device(DiskImage image) {
            for (int i = 0; i < queues; i++) {
                counters.add(new QueueCounters());
            }
            BlockOptions options = new BlockOptions("vda", "serial-1", queues, 256, blockBytes, unmap, policy);
            return new VirtioBlock(new JnaPosix(), options, image, limiter, counters, operations, listener);
        }

        BlockDriver start(DiskImage image) {
            VirtioBlock device = device(image);
            DeviceHarness harness = DeviceHarness.of(device)
                    .memoryBytes(64L << 20)
                    .packed(packed)
                    .without(without)
                    .start();
            return new BlockDriver(harness, device, this);
        }
    }

    static BlockDriver start(DiskImage image) {
        return new Parts().start(image);
    }

    static byte[] header(int type, long sector) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, type)
                .putLong(8, sector)
                .array();
    }

    static byte[] segment(long sector, int sectors, int flags) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, sector)
                .putInt(8, sectors)
                .putInt(12, flags)
                .array();
    }

    DriverQueue queue(int index) {
        return harness.queue(index);
    }

    /** Submits a request: payload to the device, and room for as many bytes and a status. */
    int submit(int queue, int type, long sector, byte[] payload, int room) {
        List<Segment> segments = new ArrayList<>();
        segments.add(Segment.readable(harness.arena().store(header(type, sector)), 16));
        if (payload.length > 0) {
            segments.add(Segment.readable(harness.arena().store(payload), payload.length));
        }
        long data = harness.arena().allocate(Math.max(1, room));
        if (room > 0) {
            segments.add(Segment.writable(data, room));
        }
        long status = harness.arena().store((byte) NONE);
        segments.add(Segment.writable(status, 1));
        int id = queue(queue).submit(segments);
        out.put(queue << 16 | id, new Request(segments, status, data, room));
        return id;
    }

    Answer answer(int queue, Used used) {
        Request request = out.remove(queue << 16 | used.id());
        if (request == null) {
            throw new AssertionError("no request " + used.id());
        }
        return new Answer(
                harness.memory().getByte(request.statusGpa) & 0xff,
                harness.arena().load(request.dataGpa, request.dataBytes),
                used.writtenBytes());
    }

    Answer request(int type, long sector, byte[] payload, int room) {
        submit(0, type, sector, payload, room);
        return answer(0, queue(0).await());
    }

    /** The id of the next completed request, if there is one now. */
    @Nullable
    Used poll(int queue) {
        return queue(queue).poll();
    }

    /** Submits segments as they are, and returns what the last byte of {@code statusGpa} holds when they are given back. */
    int raw(List<Segment> segments, long statusGpa) {
        queue(0).submit(segments);
        queue(0).await();
        return harness.memory().getByte(statusGpa) & 0xff;
    }

    @Override
    public void close() {
        harness.close();
    }
}
