package org.kvmbeans.block.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Where a LUKS header and its key material lie.
 *
 * @param storage what they lie in
 * @param offset where they begin, bytes: 0 for a LUKS image; what the full disk encryption header pointer says in qcow2
 * @param bytes how much room they have: the storage's size for a LUKS image
 */
public record LuksArea(Posix posix, Storage storage, long offset, long bytes) {
    byte[] read(long position, int length) throws IOException {
        requireWithin(position, length);
        IoVector vector = memory(length);
        storage.read(offset + position, vector);
        byte[] contents = new byte[length];
        vector.copyTo(0, ByteBuffer.wrap(contents));
        return contents;
    }

    void write(long position, ByteBuffer contents) throws IOException {
        requireWithin(position, contents.remaining());
        IoVector vector = memory(contents.remaining());
        vector.copyFrom(0, contents.duplicate());
        storage.write(offset + position, vector);
    }

    private IoVector memory(int length) {
        NativeStruct memory = new NativeStruct(posix, length);
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), 0, length);
        return vector;
    }

    void requireWritable() throws DiskImageException {
        if (storage.options().access() == Access.READ_ONLY) {
            throw new DiskImageException(Kind.READ_ONLY, storage.name(), "it was opened to read");
        }
    }

    private void requireWithin(long position, int length) throws DiskImageException {
        if (position > bytes - length) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    storage.name(),
                    "the LUKS header has " + length + " bytes at " + position + ", and ends at " + bytes);
        }
    }
}
