package org.kvmbeans.block.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Memory for the data of requests, in two sizes: a few small ones cost little, and the large ones make up a request of any
 * length together. What is given back is kept, up to a bound. May be used from any thread; how much each client has out at a
 * time is bounded elsewhere.
 */
final class BufferPool {
    /** Bytes of a small buffer, and the unit in which memory is counted. */
    static final int SMALL_BYTES = 64 << 10;

    static final int LARGE_BYTES = 1 << 20;

    private static final int MAX_IDLE_SMALL = 128;
    private static final int MAX_IDLE_LARGE = 64;

    private final Posix posix;
    private final Deque<Buffer> idleSmall = new ArrayDeque<>();
    private final Deque<Buffer> idleLarge = new ArrayDeque<>();

    BufferPool(Posix posix) {
        this.posix = posix;
    }

    /** One stretch of memory. */
    static final class Buffer {
        private final NativeStruct memory;

        private Buffer(Posix posix, int bytes) {
            memory = new NativeStruct(posix, bytes);
        }

        ByteBuffer memory() {
            return memory.buffer();
        }

        private int capacity() {
            return memory.buffer().capacity();
        }
    }

    /** How many units of {@link #SMALL_BYTES} a request of {@code bytes} takes. */
    static int units(int bytes) {
        return bytes <= SMALL_BYTES ? 1 : (bytes + LARGE_BYTES - 1) / LARGE_BYTES * (LARGE_BYTES / SMALL_BYTES);
    }

    /** Adds memory for {@code bytes} to {@code buffers}, and to {@code vector} exactly so much of it. */
    void take(int bytes, List<Buffer> buffers, IoVector vector) {
        boolean small = bytes <= SMALL_BYTES;
        for (int left = bytes; left > 0; ) {
            Buffer buffer = takeOne(small);
            buffers.add(buffer);
            int part = Math.min(left, buffer.capacity());
            vector.add(buffer.memory.buffer(), buffer.memory.address(), 0, part);
            left -= part;
        }
    }

    private Buffer takeOne(boolean small) {
        synchronized (this) {
            Buffer idle = (small ? idleSmall : idleLarge).poll();
            if (idle != null) {
                return idle;
            }
        }
        return new Buffer(posix, small ? SMALL_BYTES : LARGE_BYTES);
    }

    /** Takes buffers back, and empties the list. */
    synchronized void give(List<Buffer> buffers) {
        for (Buffer buffer : buffers) {
            boolean small = buffer.capacity() == SMALL_BYTES;
            Deque<Buffer> idle = small ? idleSmall : idleLarge;
            if (idle.size() < (small ? MAX_IDLE_SMALL : MAX_IDLE_LARGE)) {
                idle.push(buffer);
            }
        }
        buffers.clear();
    }
}
