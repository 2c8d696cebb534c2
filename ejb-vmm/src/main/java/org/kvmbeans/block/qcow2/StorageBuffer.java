package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Memory through which metadata is read and written: aligned for direct I/O, and big-endian as everything in an image is.
 * Used by one thread at a time.
 */
public final class StorageBuffer {
    private static final int ALIGNMENT = 4096;

    private final NativeStruct memory;
    private final int start;
    private final ByteBuffer bytes;
    private final IoVector vector;

    /** @param capacityBytes at least 1 */
    public StorageBuffer(Posix posix, int capacityBytes) {
        memory = new NativeStruct(posix, Math.addExact(capacityBytes, ALIGNMENT));
        start = (int) (-memory.address() & (ALIGNMENT - 1));
        bytes = memory.buffer().slice(start, capacityBytes).order(ByteOrder.BIG_ENDIAN);
        vector = new IoVector(posix, 1);
    }

    /** All of it, big-endian; zeros at first. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Bytes that it has room for. */
    public int capacity() {
        return bytes.capacity();
    }

    /** Reads {@code length} bytes of {@code storage} from {@code offset} on to {@code position}. */
    public void read(Storage storage, long offset, int position, int length) throws IOException {
        storage.read(offset, part(position, length));
    }

    /** Writes {@code length} bytes from {@code position} on to {@code offset} of {@code storage}. */
    public void write(Storage storage, long offset, int position, int length) throws IOException {
        storage.write(offset, part(position, length));
    }

    private IoVector part(int position, int length) {
        if (position < 0 || length < 0 || position > bytes.capacity() - length) {
            throw new IndexOutOfBoundsException(length + " bytes at " + position + " of " + bytes.capacity());
        }
        vector.clear();
        vector.add(memory.buffer(), memory.address(), start + position, length);
        return vector;
    }
}
