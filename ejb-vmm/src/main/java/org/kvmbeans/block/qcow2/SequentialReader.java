package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Posix;

/** Reads a table whose entries have any length, from its beginning on and never beyond a limit. */
final class SequentialReader {
    private static final int WINDOW_BYTES = 1 << 16;

    private final Storage storage;
    private final String what;
    private final long start;
    private final long end;
    private final StorageBuffer window;
    private long windowStart;
    private int windowBytes;
    private long position;

    /**
     * @param what the table's name in messages
     * @param maxBytes the most that may be read; what lies beyond the end of the storage may not be either
     */
    SequentialReader(Posix posix, Storage storage, String what, long start, long maxBytes) {
        this.storage = storage;
        this.what = what;
        this.start = start;
        this.end = Math.min(storage.sizeBytes(), start + maxBytes);
        this.window = new StorageBuffer(posix, WINDOW_BYTES);
        this.position = start;
        this.windowStart = start;
    }

    /** The next bytes as a copy, big-endian. */
    ByteBuffer take(int bytes) throws IOException {
        if (bytes > end - position) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    storage.name(),
                    "its " + what + " at byte " + start + " goes on beyond byte " + end
                            + ", where the file or the room for such a table ends");
        }
        ByteBuffer copy = ByteBuffer.allocate(bytes).order(ByteOrder.BIG_ENDIAN);
        for (int done = 0; done < bytes; ) {
            if (position >= windowStart + windowBytes) {
                windowStart = position;
                windowBytes = (int) Math.min(WINDOW_BYTES, end - position);
                window.read(storage, windowStart, 0, windowBytes);
            }
            int at = (int) (position - windowStart);
            int part = Math.min(bytes - done, windowBytes - at);
            copy.put(done, window.bytes(), at, part);
            done += part;
            position += part;
        }
        return copy;
    }

    /** Passes over the padding in front of an entry, which begins at a multiple of 8 bytes. */
    void align() {
        position = position + 7 & -8;
    }

    /** Bytes that have been passed. */
    long passedBytes() {
        return position - start;
    }
}
