package org.kvmbeans.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What a peer sends, read ahead, so that many small messages cost one read. Used by one thread at a time.
 *
 * <p>Whoever wants a field first has {@link #require} bring it here, then takes it from {@link #buffer}.
 */
final class WireInput {
    private final ByteBuffer buffer;
    private Wire wire;

    /** @param bytes the most that is read ahead, and that {@link #require} can be asked for */
    WireInput(Wire wire, int bytes) {
        this.wire = wire;
        buffer = ByteBuffer.allocateDirect(bytes).flip();
    }

    /**
     * Goes on inside TLS.
     *
     * @throws ProtocolException where the peer has sent more than it should have: it would count as if it had been protected
     */
    void enter(Wire inner) throws ProtocolException {
        if (buffer.hasRemaining()) {
            throw new ProtocolException("the peer sent " + buffer.remaining() + " bytes more before TLS began");
        }
        wire = inner;
    }

    /** The bytes that are here: from position to limit, big-endian. Position is moved by those who take them. */
    ByteBuffer buffer() {
        return buffer;
    }

    /** Whether {@code bytes} are here, without waiting. */
    boolean has(int bytes) {
        return buffer.remaining() >= bytes;
    }

    /**
     * Waits until {@code bytes} are here.
     *
     * @return false where the peer has ended in an orderly way, before the first of them
     * @throws EOFException where it has ended in their midst
     */
    boolean await(int bytes) throws IOException {
        if (buffer.remaining() < bytes
                && buffer.capacity() - buffer.position() < Math.max(bytes, buffer.capacity() / 2)) {
            buffer.compact().flip();
        }
        while (buffer.remaining() < bytes) {
            int start = buffer.position();
            int end = buffer.limit();
            buffer.limit(buffer.capacity()).position(end);
            int count;
            try {
                count = wire.read(buffer);
            } finally {
                buffer.limit(buffer.position()).position(start);
            }
            if (count < 0) {
                if (buffer.hasRemaining()) {
                    throw new EOFException("the peer ended the connection in the midst of a message");
                }
                return false;
            }
        }
        return true;
    }

    /** As {@link #await}, where the end would be in the midst of a message. */
    void require(int bytes) throws IOException {
        if (!await(bytes)) {
            throw new EOFException("the peer ended the connection");
        }
    }

    /** Fills {@code target}: what is here first, then straight from the connection. */
    void fill(ByteBuffer target) throws IOException {
        int here = Math.min(buffer.remaining(), target.remaining());
        target.put(target.position(), buffer, buffer.position(), here);
        target.position(target.position() + here);
        buffer.position(buffer.position() + here);
        while (target.hasRemaining()) {
            if (wire.read(target) < 0) {
                throw new EOFException("the peer ended the connection in the midst of data");
            }
        }
    }

    /** Passes over bytes that nobody wants. */
    void skip(long bytes) throws IOException {
        for (long left = bytes; left > 0; ) {
            require(1);
            int part = (int) Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + part);
            left -= part;
        }
    }
}
