package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Sends the replies to one client. Small ones are gathered until {@link #flush}, so that many cost one system call. May be
 * used from any thread.
 */
final class ReplyWriter {
    /** What is gathered at most; two of the largest reads that are done at once. */
    private static final int GATHERED_BYTES = 2 * BufferPool.SMALL_BYTES + 4096;

    private static final int DATA_HEADER_BYTES = Nbd.CHUNK_BYTES + Long.BYTES;

    private final Wire wire;
    private final boolean structured;
    private final Stall stall = new Stall();
    private final ReentrantLock lock = new ReentrantLock();
    // The rest belongs to whoever holds the lock.
    private final NativeStruct memory;
    private final ByteBuffer gathered;
    private final IoVector target;
    private ByteBuffer[] sources = new ByteBuffer[1];

    /** @param structured whether the client understands structured replies */
    ReplyWriter(Posix posix, Wire wire, boolean structured) {
        this.wire = wire;
        this.structured = structured;
        memory = new NativeStruct(posix, GATHERED_BYTES);
        gathered = memory.buffer().duplicate();
        target = new IoVector(posix, 1);
    }

    /** How long the client has not read. */
    Stall stall() {
        return stall;
    }

    /** Says that a request that has no data was done, or what was wrong. */
    void simple(int command, long cookie, int error) throws IOException {
        lock.lock();
        try {
            makeRoom(Nbd.CHUNK_BYTES + Integer.BYTES + Short.BYTES);
            boolean chunked = structured && (command == Nbd.CMD_READ || command == Nbd.CMD_BLOCK_STATUS);
            if (chunked) {
                putChunk(gathered, Nbd.REPLY_ERROR, cookie, Integer.BYTES + Short.BYTES);
                gathered.putInt(error).putShort((short) 0);
            } else {
                putSimple(gathered, cookie, error);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads what is at hand and replies with it.
     *
     * @return false where the image would have had to wait; nothing was said then
     */
    boolean readAtOnce(DiskImage image, long cookie, long offset, int length) throws IOException {
        lock.lock();
        try {
            makeRoom(DATA_HEADER_BYTES + length);
            int start = gathered.position();
            int data = start + (structured ? DATA_HEADER_BYTES : Nbd.SIMPLE_REPLY_BYTES);
            target.clear();
            target.add(memory.buffer(), memory.address(), data, length);
            if (!isAtHand(image, offset)) {
                return false;
            }
            putDataHeader(gathered, cookie, offset, length);
            gathered.position(data + length);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isAtHand(DiskImage image, long offset) {
        try {
            return image.readAtOnce(offset, target);
        } catch (IOException | RuntimeException e) {
            // The thread that does it again meets the same, and says so.
            return false;
        }
    }

    /** Sends what was gathered, then the data of a read. */
    void data(ServerRequest request) throws IOException {
        lock.lock();
        try {
            makeRoom(DATA_HEADER_BYTES);
            putDataHeader(gathered, request.cookie(), request.offset(), request.length());
            IoVector data = request.vector();
            if (sources.length <= data.count()) {
                sources = new ByteBuffer[1 + data.count()];
            }
            for (int i = 0; i < data.count(); i++) {
                sources[1 + i] = data.segment(i);
            }
            send(data.count());
            Arrays.fill(sources, null);
        } finally {
            lock.unlock();
        }
    }

    /** Sends stretches of base:allocation, as pairs of length and flags. */
    void status(long cookie, ByteBuffer stretches) throws IOException {
        lock.lock();
        try {
            int length = Integer.BYTES + stretches.remaining();
            makeRoom(Nbd.CHUNK_BYTES + length);
            putChunk(gathered, Nbd.REPLY_BLOCK_STATUS, cookie, length);
            gathered.putInt(ServerHandshake.ALLOCATION_CONTEXT).put(stretches);
        } finally {
            lock.unlock();
        }
    }

    /** Sends what was gathered. */
    void flush() throws IOException {
        lock.lock();
        try {
            if (gathered.position() > 0) {
                send(0);
            }
        } finally {
            lock.unlock();
        }
    }

    private void makeRoom(int bytes) throws IOException {
        if (gathered.remaining() < bytes) {
            send(0);
        }
    }

    private void send(int dataBuffers) throws IOException {
        sources[0] = gathered.flip();
        stall.begin();
        try {
            wire.write(sources, 1 + dataBuffers);
        } finally {
            stall.end();
            gathered.clear();
        }
    }

    private void putDataHeader(ByteBuffer buffer, long cookie, long offset, int length) {
        if (structured) {
            putChunk(buffer, Nbd.REPLY_OFFSET_DATA, cookie, Long.BYTES + length);
            buffer.putLong(offset);
        } else {
            putSimple(buffer, cookie, NbdErrors.NONE);
        }
    }

    private static void putSimple(ByteBuffer buffer, long cookie, int error) {
        buffer.putInt(Nbd.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
    }

    /** The one chunk of a reply. */
    private static void putChunk(ByteBuffer buffer, int type, long cookie, int length) {
        buffer.putInt(Nbd.STRUCTURED_REPLY_MAGIC)
                .putShort((short) Nbd.REPLY_FLAG_DONE)
                .putShort((short) type)
                .putLong(cookie)
                .putInt(length);
    }
}
