package org.kvmbeans.block.file;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Aligned memory for direct I/O whose own memory is not: made as it is needed, and no more than {@link #MAX_BUFFERS} at a
 * time, for which further requests wait. May be used from any thread.
 */
final class BounceBuffers {
    /** Bytes of one buffer. */
    static final int BYTES = 1 << 20;

    private static final int MAX_BUFFERS = 4;
    private static final int ALIGNMENT = 4096;

    private final Posix posix;
    private final Semaphore free = new Semaphore(MAX_BUFFERS);
    private final ConcurrentLinkedDeque<Buffer> idle = new ConcurrentLinkedDeque<>();

    BounceBuffers(Posix posix) {
        this.posix = posix;
    }

    /** One buffer, to be closed after use. */
    final class Buffer implements AutoCloseable {
        private final NativeStruct memory = new NativeStruct(posix, BYTES + ALIGNMENT);
        private final int start = (int) (-memory.address() & (ALIGNMENT - 1));
        private final IoVector vector = new IoVector(posix, 1);

        /** Its first {@code length} bytes, at most {@link #BYTES}. */
        IoVector vector(int length) {
            vector.clear();
            vector.add(memory.buffer(), memory.address(), start, length);
            return vector;
        }

        @Override
        public void close() {
            idle.push(this);
            free.release();
        }
    }

    /** Takes a buffer, whose contents are anything; waits where all are in use. */
    Buffer take() {
        free.acquireUninterruptibly();
        Buffer buffer = idle.poll();
        return buffer == null ? new Buffer() : buffer;
    }
}
