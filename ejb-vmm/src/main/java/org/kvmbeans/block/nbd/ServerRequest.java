package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * A request of a client that is carried out by a thread of the server's. Made once and filled anew for each; the reader of
 * the connection fills it, and from then on it belongs to the thread that carries it out.
 */
final class ServerRequest {
    /** Stretches that one reply tells; the client asks again for the rest. */
    static final int MAX_STRETCHES = 4096;

    private static final int STRETCH_BYTES = 2 * Integer.BYTES;
    private static final int STATUS_BYTES = MAX_STRETCHES * STRETCH_BYTES;

    private final ServerTransmission transmission;
    private final List<BufferPool.Buffer> buffers = new ArrayList<>();
    private final IoVector vector;
    private int command;
    private int flags;
    private long cookie;
    private long offset;
    private int length;
    private int units;
    /** What {@link #findStretches} wrote to the memory. */
    private int stretchBytes;

    ServerRequest(Posix posix, ServerTransmission transmission) {
        this.transmission = transmission;
        vector = new IoVector(posix, 1);
    }

    /**
     * Fills it.
     *
     * @param newLength unsigned
     * @param newUnits what it holds of its client's memory
     */
    void set(int newCommand, int newFlags, long newCookie, long newOffset, int newLength, int newUnits) {
        command = newCommand;
        flags = newFlags;
        cookie = newCookie;
        offset = newOffset;
        length = newLength;
        units = newUnits;
    }

    /** Bytes of memory that a request needs while it is carried out. */
    static int memoryBytes(int command, int length) {
        return switch (command) {
            case Nbd.CMD_READ, Nbd.CMD_WRITE -> length;
            case Nbd.CMD_BLOCK_STATUS -> STATUS_BYTES;
            default -> 0;
        };
    }

    long cookie() {
        return cookie;
    }

    long offset() {
        return offset;
    }

    int length() {
        return length;
    }

    /** What it holds of its client's memory. */
    int units() {
        return units;
    }

    /** Its memory. */
    IoVector vector() {
        return vector;
    }

    List<BufferPool.Buffer> buffers() {
        return buffers;
    }

    /** Does it and replies. */
    void carryOut() {
        int error;
        try {
            error = execute();
        } catch (IOException e) {
            error = NbdErrors.of(e);
        } catch (RuntimeException e) {
            // The image has been resized meanwhile, or is at fault itself; the other requests go on.
            error = NbdErrors.EIO;
        }
        transmission.finish(this, command, error);
    }

    private int execute() throws IOException {
        DiskImage image = transmission.image();
        long bytes = Integer.toUnsignedLong(length);
        switch (command) {
            case Nbd.CMD_READ -> image.read(offset, vector);
            case Nbd.CMD_WRITE -> image.write(offset, vector);
            case Nbd.CMD_FLUSH -> image.flush();
            case Nbd.CMD_TRIM -> image.discard(offset, bytes);
            case Nbd.CMD_WRITE_ZEROES -> image.writeZeroes(offset, bytes, (flags & Nbd.CMD_FLAG_NO_HOLE) == 0);
            case Nbd.CMD_BLOCK_STATUS -> findStretches(image, bytes);
            default -> {
                return NbdErrors.EINVAL;
            }
        }
        if ((flags & Nbd.CMD_FLAG_FUA) != 0 && command != Nbd.CMD_FLUSH && transmission.writable()) {
            image.flush();
        }
        return NbdErrors.NONE;
    }

    /** Writes what stretches there are to its memory, those that are alike as one. */
    private void findStretches(DiskImage image, long bytes) throws IOException {
        ByteBuffer memory = buffers.get(0).memory().duplicate().clear();
        int most = (flags & Nbd.CMD_FLAG_REQ_ONE) != 0 ? 1 : MAX_STRETCHES;
        int count = 0;
        int lastFlags = 0;
        long lastBytes = 0;
        for (long done = 0; done < bytes; ) {
            Extent extent = image.extent(offset + done, bytes - done);
            int state = extent.readsAsZeros() ? Nbd.STATE_HOLE | Nbd.STATE_ZERO : 0;
            long part = Math.min(extent.bytes(), bytes - done);
            if (count > 0 && state == lastFlags) {
                lastBytes += part;
            } else if (count < most) {
                lastBytes = part;
                count++;
            } else {
                break;
            }
            lastFlags = state;
            memory.putInt((count - 1) * STRETCH_BYTES, (int) lastBytes);
            memory.putInt((count - 1) * STRETCH_BYTES + Integer.BYTES, state);
            done += part;
        }
        stretchBytes = count * STRETCH_BYTES;
    }

    /** The stretches that were found. */
    ByteBuffer stretches() {
        return buffers.get(0).memory().duplicate().clear().limit(stretchBytes);
    }
}
