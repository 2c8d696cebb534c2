package org.kvmbeans.virtio.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.GuestBuffers;
import org.kvmbeans.virtio.queue.VirtQueueException;

/**
 * One request of the driver (virtio 1.2, 5.2.6): everything that the guest said is read once, by {@link #parse}, and checked;
 * the rest goes by what was read. Header, data and status may be spread over descriptors in any way (2.7.4).
 *
 * <p>Used again for the next request. It belongs to one thread at a time: the queue's, or that which carries it out.
 */
final class BlockRequest {
    static final int SECTOR_SHIFT = 9;
    static final byte STATUS_OK = 0;
    static final byte STATUS_IOERR = 1;
    static final byte STATUS_UNSUPP = 2;

    /** The most segments of a discard or write-zeroes request. */
    static final int MAX_SEGMENTS = 32;
    /** The most sectors of each, 512 MiB: zeros that have to be written take a while. */
    static final int MAX_SEGMENT_SECTORS = 1 << 20;

    private static final int HEADER_BYTES = 16;
    private static final int SECTOR_OFFSET = 8;
    private static final int SEGMENT_BYTES = 16;
    private static final int SEGMENT_COUNT_OFFSET = 8;
    private static final int SEGMENT_FLAGS_OFFSET = 12;
    private static final int FLAG_UNMAP = 1;
    private static final int FIRST_VECTOR_CAPACITY = 8;

    /** A stretch to be discarded or made zero. */
    record Segment(long offset, long lengthBytes, boolean unmap) {}

    private final IoVector data;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] statusByte = new byte[1];
    private @Nullable DescriptorChain chain;
    private @Nullable BlockOperation operation;
    private Segment[] segments = {};
    private byte status;
    private long offset;
    private long bytes;
    private long begunNanos;
    private @Nullable DiskImageException failure;

    BlockRequest(Posix posix) {
        data = new IoVector(posix, FIRST_VECTOR_CAPACITY);
    }

    /**
     * Reads a request. One that cannot be carried out as it stands has a {@link #status} other than OK.
     *
     * @throws VirtQueueException where there is no room for a status
     */
    void parse(DescriptorChain newChain, RequestRules rules) {
        if (newChain.writable().totalBytes() == 0) {
            throw new VirtQueueException("a block request without room for its status");
        }
        chain = newChain;
        operation = null;
        failure = null;
        offset = 0;
        bytes = 0;
        data.clear();
        status = parse(newChain.readable(), newChain.writable(), rules);
    }

    private byte parse(GuestBuffers readable, GuestBuffers writable, RequestRules rules) {
        if (readable.totalBytes() < HEADER_BYTES) {
            return STATUS_IOERR;
        }
        readable.read(0, header.array(), 0, HEADER_BYTES);
        BlockOperation asked = BlockOperation.of(header.getInt(0));
        if (asked == null || !rules.knows(asked)) {
            return STATUS_UNSUPP;
        }
        operation = asked;
        if (!rules.permits(asked)) {
            return STATUS_IOERR;
        }
        long sector = header.getLong(SECTOR_OFFSET);
        return switch (asked) {
            case READ -> parseData(writable, 0, writable.totalBytes() - 1, sector, rules);
            case WRITE -> parseData(readable, HEADER_BYTES, readable.totalBytes() - HEADER_BYTES, sector, rules);
            case DISCARD, WRITE_ZEROES -> parseSegments(asked, readable, rules);
            case FLUSH, GET_ID -> STATUS_OK;
        };
    }

    private byte parseData(GuestBuffers buffers, long start, long length, long sector, RequestRules rules) {
        if (!rules.inRange(sector, length)) {
            return STATUS_IOERR;
        }
        offset = sector << SECTOR_SHIFT;
        bytes = length;
        buffers.vector(data, start, length);
        return STATUS_OK;
    }

    private byte parseSegments(BlockOperation asked, GuestBuffers readable, RequestRules rules) {
        long length = readable.totalBytes() - HEADER_BYTES;
        if (length == 0 || length % SEGMENT_BYTES != 0 || length > MAX_SEGMENTS * SEGMENT_BYTES) {
            return STATUS_IOERR;
        }
        ByteBuffer table = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        readable.read(HEADER_BYTES, table.array(), 0, (int) length);
        segments = new Segment[(int) length / SEGMENT_BYTES];
        for (int i = 0; i < segments.length; i++) {
            int at = i * SEGMENT_BYTES;
            long sector = table.getLong(at);
            long sectors = table.getInt(at + SEGMENT_COUNT_OFFSET) & 0xffff_ffffL;
            int flags = table.getInt(at + SEGMENT_FLAGS_OFFSET);
            int allowed = asked == BlockOperation.WRITE_ZEROES ? FLAG_UNMAP : 0;
            if ((flags & ~allowed) != 0) {
                return STATUS_UNSUPP;
            }
            if (sectors > MAX_SEGMENT_SECTORS || !rules.inRange(sector, sectors << SECTOR_SHIFT)) {
                return STATUS_IOERR;
            }
            boolean unmap = (flags & FLAG_UNMAP) != 0 && rules.unmaps();
            segments[i] = new Segment(sector << SECTOR_SHIFT, sectors << SECTOR_SHIFT, unmap);
            bytes += sectors << SECTOR_SHIFT;
        }
        offset = segments[0].offset();
        return STATUS_OK;
    }

    /** The chain that it came in. */
    DescriptorChain chain() {
        DescriptorChain current = chain;
        if (current == null) {
            throw new IllegalStateException("a request that was not parsed");
        }
        return current;
    }

    /** What is asked for; null where that is unknown. */
    @Nullable
    BlockOperation operation() {
        return operation;
    }

    /** The first byte on the disk. */
    long offset() {
        return offset;
    }

    /** Bytes of the disk that it concerns. */
    long bytes() {
        return bytes;
    }

    /** Where data goes to or comes from: {@link #bytes} of guest memory. */
    IoVector data() {
        return data;
    }

    /** What is to be discarded or made zero. */
    Segment[] segments() {
        return segments;
    }

    /** OK before it is carried out and where that went well. */
    byte status() {
        return status;
    }

    /** When it was handed to the storage, as {@link System#nanoTime}. */
    long begunNanos() {
        return begunNanos;
    }

    void begunAt(long nanos) {
        begunNanos = nanos;
    }

    /** Why the storage could not carry it out; null where it could. */
    @Nullable
    DiskImageException failure() {
        return failure;
    }

    void failed(DiskImageException why) {
        failure = why;
    }

    /** It is to be carried out again. */
    void again() {
        failure = null;
    }

    /** Writes the serial number: as much as there is room for. */
    void answerId(byte[] id) {
        GuestBuffers writable = chain().writable();
        int length = (int) Math.min(id.length, writable.totalBytes() - 1);
        writable.write(0, id, 0, length);
        bytes = length;
    }

    /** Writes the status, the last writable byte, and says how many bytes were written from the first one on. */
    long answer(byte newStatus) {
        status = newStatus;
        GuestBuffers writable = chain().writable();
        long room = writable.totalBytes() - 1;
        statusByte[0] = newStatus;
        writable.write(room, statusByte, 0, 1);
        boolean filled = newStatus == STATUS_OK && bytesToGuest() == room;
        return filled || room == 0 ? room + 1 : bytesToGuest();
    }

    /** Bytes of data that the guest gets. */
    long bytesToGuest() {
        boolean gives = operation == BlockOperation.READ || operation == BlockOperation.GET_ID;
        return gives && status == STATUS_OK ? bytes : 0;
    }

    /** Bytes of data that the guest handed over. */
    long bytesFromGuest() {
        return operation == BlockOperation.WRITE && status == STATUS_OK ? bytes : 0;
    }
}
