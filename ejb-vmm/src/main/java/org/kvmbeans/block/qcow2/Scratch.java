package org.kvmbeans.block.qcow2;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** What one request works with, kept for the next one. Used by one thread at a time. */
final class Scratch implements AutoCloseable {
    /** Buffers for what stands before the request's data in its first cluster, and behind it in its last one. */
    static final int HEAD = 0;

    static final int TAIL = 1;
    /** For data that is encrypted or compressed. */
    static final int CODED = 2;
    /** For data that is put together, or plain. */
    static final int PLAIN = 3;

    /** For data on its way up from a backing file. */
    static final int PLAIN_COPY = 4;

    private static final int BOUNCES = 5;
    private static final int MIN_BOUNCE_BYTES = 64 << 10;

    private static final int ZERO_BYTES = 64 << 10;
    private static final int ALIGNMENT = 4096;
    private static final int VECTOR_SEGMENTS = 4;

    final Run run = new Run();
    final Allocation allocation = new Allocation();
    /** A part of the request's memory. */
    final IoVector part;
    /** What is put together for the storage. */
    final IoVector vector;
    /** A part of what is encrypted. */
    final IoVector plainPart;
    /** Zeros that are written as if they were a request's. */
    final IoVector zeroVector;

    private final Pool pool;
    private final ByteBuffer zeros;
    private final @Nullable Bounce[] bounces = new Bounce[BOUNCES];

    /** Makes them as they are needed. May be used from any thread. */
    static final class Pool {
        private final Posix posix;
        /** Zeros that all requests write from; nobody writes to them. */
        private final NativeStruct zeros;

        private final ConcurrentLinkedDeque<Scratch> idle = new ConcurrentLinkedDeque<>();

        Pool(Posix posix) {
            this.posix = posix;
            zeros = new NativeStruct(posix, ZERO_BYTES + ALIGNMENT);
        }

        Scratch take() {
            Scratch scratch = idle.pollFirst();
            return scratch == null ? new Scratch(this) : scratch;
        }
    }

    private Scratch(Pool pool) {
        this.pool = pool;
        part = new IoVector(pool.posix, VECTOR_SEGMENTS);
        vector = new IoVector(pool.posix, VECTOR_SEGMENTS);
        plainPart = new IoVector(pool.posix, VECTOR_SEGMENTS);
        zeroVector = new IoVector(pool.posix, 1);
        zeros = pool.zeros.buffer().duplicate();
    }

    /** A part of a request's memory: the request's vector itself where it is all of it. */
    IoVector part(IoVector whole, long at, long length) {
        if (at == 0 && length == whole.totalBytes()) {
            return whole;
        }
        whole.sliceInto(part, at, length);
        return part;
    }

    /** Sets a part of a request's memory to zero. */
    void zero(IoVector target, long at, long length) {
        for (long done = 0; done < length; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), length - done));
            int bytes = zeros.remaining();
            target.copyFrom(at + done, zeros);
            done += bytes;
        }
    }

    /** Adds zeros to what is put together for the storage. */
    void addZeros(IoVector target, long length) {
        int start = (int) (-pool.zeros.address() & (ALIGNMENT - 1));
        for (long done = 0; done < length; done += ZERO_BYTES) {
            target.add(pool.zeros.buffer(), pool.zeros.address(), start, (int) Math.min(ZERO_BYTES, length - done));
        }
    }

    /**
     * A buffer of this request's.
     *
     * @param number which one
     * @param bytes how many it has at least; what it held is gone where it had fewer
     */
    Bounce bounce(int number, int bytes) {
        Bounce bounce = bounces[number];
        if (bounce == null || bounce.capacity < bytes) {
            bounce = new Bounce(pool.posix, Math.max(MIN_BOUNCE_BYTES, Integer.highestOneBit(2 * bytes - 1)));
            bounces[number] = bounce;
        }
        return bounce;
    }

    /** Aligned memory. */
    static final class Bounce {
        private final NativeStruct memory;
        private final int start;
        private final int capacity;
        private final IoVector vector;

        Bounce(Posix posix, int capacity) {
            this.capacity = capacity;
            memory = new NativeStruct(posix, capacity + ALIGNMENT);
            start = (int) (-memory.address() & (ALIGNMENT - 1));
            vector = new IoVector(posix, 1);
        }

        /** Adds {@code length} of its bytes to a request. */
        void addTo(IoVector target, int position, int length) {
            target.add(memory.buffer(), memory.address(), start + position, length);
        }

        /** Its first bytes as a request of their own. */
        IoVector vector(int length) {
            vector.clear();
            addTo(vector, 0, length);
            return vector;
        }

        /** Some of its bytes. */
        ByteBuffer bytes(int position, int length) {
            return memory.buffer().slice(start + position, length);
        }
    }

    @Override
    public void close() {
        part.clear();
        vector.clear();
        plainPart.clear();
        zeroVector.clear();
        pool.idle.addFirst(this);
    }
}
