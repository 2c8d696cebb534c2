package org.kvmbeans.block.nbd;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;

/** A peer that has said all it will say, and hears nothing. */
final class MemoryWire implements Wire {
    private final ByteBuffer input;
    private volatile boolean closed;
    private long writtenBytes;

    MemoryWire(byte[] input) {
        this.input = ByteBuffer.wrap(input);
    }

    /** What was said to it, bytes. */
    long writtenBytes() {
        return writtenBytes;
    }

    @Override
    public int read(ByteBuffer target) {
        if (closed || !input.hasRemaining()) {
            return -1;
        }
        int bytes = Math.min(input.remaining(), target.remaining());
        target.put(input.slice(input.position(), bytes));
        input.position(input.position() + bytes);
        return bytes;
    }

    @Override
    public void write(ByteBuffer[] sources, int count) {
        for (int i = 0; i < count; i++) {
            writtenBytes += sources[i].remaining();
            sources[i].position(sources[i].limit());
        }
    }

    @Override
    public void endInput() {
        closed = true;
    }

    @Override
    public void endOutput() {}

    @Override
    public Wire secured(SSLEngine engine) {
        throw new IllegalStateException("nobody shakes hands with it");
    }

    @Override
    public String peerName() {
        return "";
    }

    @Override
    public void close() {
        closed = true;
    }
}
