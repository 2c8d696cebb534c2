package org.kvmbeans.virtio.net.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.net.FramePort;

/**
 * Packets over a stream socket, as QEMU's stream back end speaks it: before each packet its length, 32 bits in network
 * order. There is no virtio header in the stream, so no offloads either.
 *
 * <p>Both directions have a buffer, since the socket takes and gives any part of a packet. Used by one thread at a time.
 */
final class FrameStream implements FramePort {
    private static final int LENGTH_BYTES = Integer.BYTES;
    /** Shorter ones than an Ethernet header are no packets. */
    private static final int MIN_FRAME_BYTES = 14;
    /** Room for two of the longest packets, so that there is always one more while one is on its way. */
    private static final int BUFFER_BYTES = 2 * (LENGTH_BYTES + MAX_FRAME_BYTES);

    private final Posix posix;
    private final int fd;
    /** What the guest sent and the socket has not taken yet: from position 0 to the buffer's position. */
    private final NativeStruct output;

    private final ByteBuffer out;
    private int sent;
    /** What the socket gave and the guest has not been given yet: between {@link #taken} and the buffer's position. */
    private final NativeStruct input;

    private final ByteBuffer in;
    private int taken;
    private final ByteBuffer noOffloads = ByteBuffer.allocate(HEADER_BYTES);
    private String failure = "passt has ended";

    FrameStream(Posix posix, int fd) {
        this.posix = posix;
        this.fd = fd;
        output = new NativeStruct(posix, BUFFER_BYTES);
        input = new NativeStruct(posix, BUFFER_BYTES);
        out = output.buffer().order(ByteOrder.BIG_ENDIAN);
        in = input.buffer().order(ByteOrder.BIG_ENDIAN);
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Sent send(IoVector packet) {
        int frameBytes = (int) packet.totalBytes() - HEADER_BYTES;
        if (out.remaining() < LENGTH_BYTES + frameBytes) {
            return Sent.FULL;
        }
        boolean idle = out.position() == 0;
        out.putInt(frameBytes);
        ByteBuffer frame = out.slice(out.position(), frameBytes);
        packet.copyTo(HEADER_BYTES, frame);
        out.position(out.position() + frameBytes);
        // While something is left the loop waits for the socket to become writable, and sends this with it.
        return idle && !write() ? Sent.BROKEN : Sent.DONE;
    }

    @Override
    public boolean hasUnsent() {
        return out.position() > 0;
    }

    @Override
    public boolean flush() {
        return write() && !hasUnsent();
    }

    /** Sends as much as the socket takes; false where it never will again. */
    private boolean write() {
        while (sent < out.position()) {
            long result = posix.write(fd, output.address() + sent, out.position() - sent);
            if (result == -Errno.EINTR) {
                continue;
            }
            if (result < 0) {
                makeRoom();
                return result == -Errno.EAGAIN;
            }
            sent += (int) result;
        }
        makeRoom();
        return true;
    }

    private void makeRoom() {
        int left = out.position() - sent;
        out.put(0, out, sent, left).position(left);
        sent = 0;
    }

    @Override
    public long receive(IoVector room) {
        while (true) {
            int held = in.position() - taken;
            if (held >= LENGTH_BYTES) {
                int frameBytes = in.getInt(taken);
                if (frameBytes < MIN_FRAME_BYTES || frameBytes > MAX_FRAME_BYTES) {
                    failure = "passt sent a packet of " + Integer.toUnsignedString(frameBytes) + " bytes";
                    return BROKEN;
                }
                if (held >= LENGTH_BYTES + frameBytes) {
                    return take(room, frameBytes);
                }
            }
            long result = read();
            if (result != 1) {
                return result;
            }
        }
    }

    private long take(IoVector room, int frameBytes) {
        room.copyFrom(0, noOffloads.clear());
        room.copyFrom(HEADER_BYTES, in.slice(taken + LENGTH_BYTES, frameBytes));
        taken += LENGTH_BYTES + frameBytes;
        return HEADER_BYTES + (long) frameBytes;
    }

    /** Reads what is there, behind what is left: 1 where there was something, else {@link #NOTHING} or {@link #BROKEN}. */
    private long read() {
        int left = in.position() - taken;
        in.put(0, in, taken, left).position(left);
        taken = 0;
        long result;
        do {
            result = posix.read(fd, input.address() + left, in.remaining());
        } while (result == -Errno.EINTR);
        if (result > 0) {
            in.position(left + (int) result);
            return 1;
        }
        return result == -Errno.EAGAIN ? NOTHING : BROKEN;
    }

    /** Nothing to switch: there is one queue. */
    @Override
    public void enable(boolean on) {}

    @Override
    public String failure() {
        return failure;
    }
}
