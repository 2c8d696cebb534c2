package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;

/** A connection as it is. */
final class PlainWire implements Wire {
    /** writev(2) takes as many: IOV_MAX. */
    private static final int MAX_GATHER = 1024;

    private final SocketChannel channel;

    /** @param channel connected and blocking; this object's from now on */
    PlainWire(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return channel.read(target);
    }

    @Override
    public void write(ByteBuffer[] sources, int count) throws IOException {
        if (count == 1) {
            while (sources[0].hasRemaining()) {
                channel.write(sources[0]);
            }
            return;
        }
        int first = 0;
        while (true) {
            while (first < count && !sources[first].hasRemaining()) {
                first++;
            }
            if (first == count) {
                return;
            }
            channel.write(sources, first, Math.min(MAX_GATHER, count - first));
        }
    }

    @Override
    public void endInput() throws IOException {
        channel.shutdownInput();
    }

    @Override
    public void endOutput() {}

    @Override
    public Wire secured(SSLEngine engine) throws IOException {
        return TlsWire.open(channel, engine);
    }

    @Override
    public String peerName() {
        return "";
    }

    @Override
    public void close() {
        Closing.quietly(channel);
    }
}
