package org.kvmbeans.block.crypto;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Memory in which data is encrypted before it is written, so that the writer's own is left alone: made as it is needed,
 * aligned for direct I/O, and no more than {@link #MAX_BUFFERS} at a time, for which further requests wait. May be used
 * from any thread.
 */
final class EncryptionBuffers {
    /** Bytes of one buffer. */
    static final int BYTES = 1 << 19;

    private static final int MAX_BUFFERS = 8;
    private static final int ALIGNMENT = 4096;

    private final Posix posix;
    private final Semaphore free = new Semaphore(MAX_BUFFERS);
    private final ConcurrentLinkedDeque<Buffer> idle = new ConcurrentLinkedDeque<>();

    EncryptionBuffers(Posix posix) {
        this.posix = posix;
    }

    /** One buffer, to be closed after use. */
    final class Buffer implements AutoCloseable {
        private final NativeStruct memory = new NativeStruct(posix, BYTES + ALIGNMENT);
        private final int start = (int) (-memory.address() & (ALIGNMENT - 1));
        private final IoVector encrypted = new IoVector(posix, 1);
        private final IoVector part = new IoVector(posix, 1);

        /** Its first {@code length} bytes, at most {@link #BYTES}. */
        IoVector vector(int length) {
            encrypted.clear();
            encrypted.add(memory.buffer(), memory.address(), start, length);
            return encrypted;
        }

        /** Part of the data that is written. */
        IoVector part(IoVector whole, long offset, long length) {
            whole.sliceInto(part, offset, length);
            return part;
        }

        @Override
        public void close() {
            part.clear();
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
