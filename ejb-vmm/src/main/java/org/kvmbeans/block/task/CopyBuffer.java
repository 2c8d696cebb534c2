package org.kvmbeans.block.task;

import java.nio.ByteBuffer;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** Memory of one worker, aligned as direct I/O wants it. Used by one thread at a time. */
final class CopyBuffer {
    private static final int ALIGNMENT = 4096;

    private final NativeStruct memory;
    private final int start;
    private final int bytes;
    private final ByteBuffer window;
    private final ByteBuffer otherWindow;
    private final IoVector vector;
    private final ZeroTest zeros = new ZeroTest();

    CopyBuffer(Posix posix, int bytes) {
        memory = new NativeStruct(posix, bytes + ALIGNMENT);
        start = (int) (-memory.address() & (ALIGNMENT - 1));
        window = memory.buffer().duplicate();
        otherWindow = memory.buffer().duplicate();
        vector = new IoVector(posix, 1);
        this.bytes = bytes;
    }

    /** How much it holds. */
    int bytes() {
        return bytes;
    }

    /** A part of it as a request takes it; until the next call of this. */
    IoVector part(int offset, int length) {
        vector.clear();
        vector.add(memory.buffer(), memory.address(), start + offset, length);
        return vector;
    }

    /** Whether a part is all zeros. */
    boolean isZero(int offset, int length) {
        return zeros.isZero(window, start + offset, length);
    }

    /** Where a part first differs from one of another buffer, or of this one, counted from its begin; -1 for nowhere. */
    int mismatch(int offset, CopyBuffer other, int otherOffset, int length) {
        window.limit(start + offset + length).position(start + offset);
        ByteBuffer second = other.otherWindow;
        second.limit(other.start + otherOffset + length).position(other.start + otherOffset);
        return window.mismatch(second);
    }
}
