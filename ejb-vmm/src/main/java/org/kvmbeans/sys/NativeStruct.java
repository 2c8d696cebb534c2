package org.kvmbeans.sys;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Zeroed memory outside the heap for the argument of a system call; freed with the object. */
public final class NativeStruct {
    private final ByteBuffer buffer;
    private final long address;

    /** @param size bytes, at least 1 */
    public NativeStruct(Posix posix, int size) {
        buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
        address = posix.addressOf(buffer);
    }

    /** The memory, little-endian. Whoever passes {@link #address()} to a call must hold this object meanwhile. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** The address of the first byte. */
    public long address() {
        return address;
    }
}
