package org.kvmbeans.block.task;

import java.nio.ByteBuffer;

/** Finds out whether memory is all zeros. Used by one thread at a time. */
final class ZeroTest {
    private static final int BYTES = 64 << 10;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BYTES).asReadOnlyBuffer();

    private final ByteBuffer zeros = ZEROS.duplicate();

    /** Whether {@code length} bytes from {@code start} on are zeros; changes the buffer's position and limit. */
    boolean isZero(ByteBuffer buffer, int start, int length) {
        for (int done = 0; done < length; ) {
            int part = Math.min(BYTES, length - done);
            // A comparison of two buffers is the fastest look at memory that the JDK has: it uses vector instructions.
            buffer.limit(start + done + part).position(start + done);
            zeros.limit(part).position(0);
            if (buffer.mismatch(zeros) >= 0) {
                return false;
            }
            done += part;
        }
        return true;
    }
}
