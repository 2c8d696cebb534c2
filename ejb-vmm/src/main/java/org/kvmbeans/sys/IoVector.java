package org.kvmbeans.sys;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Stretches of memory that one request reads from or writes to, in order: what preadv(2) and its kin take.
 *
 * <p>Each segment is known twice: by its address, for the kernel, and as part of a buffer, for Java. Whoever adds a segment
 * has checked that it lies in mapped memory; this object keeps the buffers reachable, and so the memory mapped. It is
 * made once and filled anew for each request. Used by one thread at a time.
 */
public final class IoVector {
    /** The most segments that one system call takes: IOV_MAX. */
    public static final int MAX_SEGMENTS = 1024;

    private static final int IOVEC_BYTES = 16;

    private final Posix posix;
    private NativeStruct iovecs;
    private ByteBuffer[] windows;
    private int[] positions;
    private int count;
    private long totalBytes;

    /** @param capacity segments that it has room for at first, at least 1; it grows up to {@link #MAX_SEGMENTS} */
    public IoVector(Posix posix, int capacity) {
        this.posix = posix;
        this.iovecs = new NativeStruct(posix, capacity * IOVEC_BYTES);
        this.windows = new ByteBuffer[capacity];
        this.positions = new int[capacity];
    }

    /** Removes all segments. */
    public void clear() {
        Arrays.fill(windows, 0, count, null);
        count = 0;
        totalBytes = 0;
    }

    /**
     * Adds {@code length} bytes of a direct buffer from {@code position} on; none where the length is 0.
     *
     * @param windowAddress the address of the buffer's byte 0
     * @throws IllegalStateException beyond {@link #MAX_SEGMENTS}
     */
    public void add(ByteBuffer window, long windowAddress, int position, int length) {
        if (length == 0) {
            return;
        }
        if (count == windows.length) {
            grow();
        }
        windows[count] = window;
        positions[count] = position;
        iovecs.buffer()
                .putLong(count * IOVEC_BYTES, windowAddress + position)
                .putLong(count * IOVEC_BYTES + Long.BYTES, length);
        count++;
        totalBytes += length;
    }

    private void grow() {
        if (count == MAX_SEGMENTS) {
            throw new IllegalStateException("a request of more than " + MAX_SEGMENTS + " segments");
        }
        int capacity = Math.min(MAX_SEGMENTS, 2 * count);
        NativeStruct larger = new NativeStruct(posix, capacity * IOVEC_BYTES);
        larger.buffer().put(0, iovecs.buffer(), 0, count * IOVEC_BYTES);
        iovecs = larger;
        windows = Arrays.copyOf(windows, capacity);
        positions = Arrays.copyOf(positions, capacity);
    }

    /** How many segments there are. */
    public int count() {
        return count;
    }

    /** The bytes of all segments. */
    public long totalBytes() {
        return totalBytes;
    }

    /** The address of the first of {@link #count} struct iovec; whoever passes it on holds this object meanwhile. */
    public long address() {
        return iovecs.address();
    }

    /** The address of a segment's first byte. */
    public long segmentAddress(int segment) {
        return iovecs.buffer().getLong(segment * IOVEC_BYTES);
    }

    /** The bytes of a segment. */
    public int segmentBytes(int segment) {
        return (int) iovecs.buffer().getLong(segment * IOVEC_BYTES + Long.BYTES);
    }

    /** A segment as a buffer of its own, little-endian. */
    public ByteBuffer segment(int segment) {
        ByteBuffer window = windows[segment];
        return window.slice(positions[segment], segmentBytes(segment)).order(window.order());
    }

    /** Fills {@code target} with {@code length} bytes of this vector from {@code offset} on, as segments of the same memory. */
    public void sliceInto(IoVector target, long offset, long length) {
        target.clear();
        long skip = offset;
        long left = length;
        for (int i = 0; i < count && left > 0; i++) {
            int bytes = segmentBytes(i);
            if (skip >= bytes) {
                skip -= bytes;
                continue;
            }
            int taken = (int) Math.min(left, bytes - skip);
            target.add(windows[i], segmentAddress(i) - positions[i], positions[i] + (int) skip, taken);
            left -= taken;
            skip = 0;
        }
        if (left > 0) {
            throw new IndexOutOfBoundsException(
                    "bytes " + offset + " to " + (offset + length) + " of a vector of " + totalBytes);
        }
    }

    /** Adds all segments of another vector. */
    public void append(IoVector other) {
        for (int i = 0; i < other.count; i++) {
            add(
                    other.windows[i],
                    other.segmentAddress(i) - other.positions[i],
                    other.positions[i],
                    other.segmentBytes(i));
        }
    }

    /** Copies from {@code offset} on into {@code target} until it is full. */
    public void copyTo(long offset, ByteBuffer target) {
        copy(offset, target, true);
    }

    /** Copies all of {@code source} to {@code offset} and on. */
    public void copyFrom(long offset, ByteBuffer source) {
        copy(offset, source, false);
    }

    private void copy(long offset, ByteBuffer other, boolean out) {
        if (offset < 0 || offset > totalBytes - other.remaining()) {
            throw new IndexOutOfBoundsException(
                    other.remaining() + " bytes from " + offset + " on in a vector of " + totalBytes);
        }
        long skip = offset;
        for (int i = 0; other.hasRemaining(); i++) {
            int bytes = segmentBytes(i);
            if (skip >= bytes) {
                skip -= bytes;
                continue;
            }
            int start = positions[i] + (int) skip;
            int length = (int) Math.min(other.remaining(), bytes - skip);
            skip = 0;
            int position = other.position();
            if (out) {
                other.put(position, windows[i], start, length);
            } else {
                windows[i].put(start, other, position, length);
            }
            other.position(position + length);
        }
    }

    /** Sets {@code length} bytes from {@code offset} on to zero. */
    public void zero(long offset, long length) {
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(length, 1 << 16));
        for (long done = 0; done < length; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), length - done));
            int bytes = zeros.remaining();
            copyFrom(offset + done, zeros);
            done += bytes;
        }
    }
}
