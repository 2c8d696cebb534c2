package org.kvmbeans.block.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * A connection inside TLS.
 *
 * <p>The reader may have to answer records of TLS itself, such as a change of keys, so that it writes too:
 * {@link #writing} orders the two.
 */
final class TlsWire implements Wire {
    /** Records that are sent together. */
    private static final int BATCH_BYTES = 256 << 10;

    private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

    private final SocketChannel channel;
    private final SSLEngine engine;
    private final ReentrantLock writing = new ReentrantLock();
    /** Records that came and are not opened yet: from position to limit. */
    private final ByteBuffer received;
    /** What a record had that the reader's buffer had no room for: from position to limit. */
    private final ByteBuffer opened;

    private final ByteBuffer outgoing;

    private TlsWire(SocketChannel channel, SSLEngine engine) {
        this.channel = channel;
        this.engine = engine;
        int record = engine.getSession().getPacketBufferSize();
        received = ByteBuffer.allocateDirect(Math.max(BATCH_BYTES, 2 * record)).flip();
        opened = ByteBuffer.allocateDirect(engine.getSession().getApplicationBufferSize())
                .flip();
        outgoing = ByteBuffer.allocateDirect(BATCH_BYTES + record);
    }

    /**
     * Shakes hands; blocks until that is done.
     *
     * @param channel connected and blocking, of which no byte beyond the plain part was read
     * @throws SSLException where the two do not agree or a certificate is not accepted
     */
    static TlsWire open(SocketChannel channel, SSLEngine engine) throws IOException {
        TlsWire wire = new TlsWire(channel, engine);
        engine.beginHandshake();
        wire.handshake();
        return wire;
    }

    private void handshake() throws IOException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> answer();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (unwrap(opened.clear()) < 0) {
                        throw new EOFException("the peer ended the connection in the TLS handshake");
                    }
                    opened.flip();
                    if (opened.hasRemaining()) {
                        return;
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    return;
                }
            }
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** Sends a record of TLS's own. */
    private void answer() throws IOException {
        writing.lock();
        try {
            outgoing.clear();
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                SSLEngineResult result = engine.wrap(NOTHING, outgoing);
                if (result.getStatus() != Status.OK || result.bytesProduced() == 0) {
                    break;
                }
                if (outgoing.remaining() < engine.getSession().getPacketBufferSize()) {
                    send();
                }
            }
            send();
        } finally {
            writing.unlock();
        }
    }

    private void send() throws IOException {
        outgoing.flip();
        while (outgoing.hasRemaining()) {
            channel.write(outgoing);
        }
        outgoing.clear();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!opened.hasRemaining()) {
            while (true) {
                boolean direct = target.remaining() >= opened.capacity();
                int bytes = unwrap(direct ? target : opened.clear());
                if (!direct) {
                    opened.flip();
                }
                settle();
                if (bytes < 0 || (direct && bytes > 0)) {
                    return bytes;
                }
                if (bytes > 0) {
                    break;
                }
            }
        }
        int bytes = Math.min(opened.remaining(), target.remaining());
        target.put(target.position(), opened, opened.position(), bytes);
        target.position(target.position() + bytes);
        opened.position(opened.position() + bytes);
        return bytes;
    }

    /** Does what a record that was opened asks for. */
    private void settle() throws IOException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
            status = engine.getHandshakeStatus();
        }
        if (status == HandshakeStatus.NEED_WRAP) {
            answer();
        }
    }

    /**
     * Opens one record, and those after it that have come already and fit.
     *
     * @return bytes of the peer in {@code target}, 0 where the record had none; -1 where the peer has ended
     */
    private int unwrap(ByteBuffer target) throws IOException {
        int total = 0;
        while (true) {
            SSLEngineResult result = engine.unwrap(received, target);
            total += result.bytesProduced();
            switch (result.getStatus()) {
                case OK -> {
                    boolean more = total > 0
                            && received.hasRemaining()
                            && target.remaining() >= opened.capacity()
                            && result.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
                    if (!more) {
                        return total;
                    }
                }
                case CLOSED -> {
                    return total > 0 ? total : -1;
                }
                case BUFFER_UNDERFLOW -> {
                    if (total > 0) {
                        return total;
                    }
                    if (receive() < 0) {
                        return -1;
                    }
                }
                case BUFFER_OVERFLOW -> throw new SSLException("a record longer than the session allows");
            }
        }
    }

    private int receive() throws IOException {
        received.compact();
        try {
            return channel.read(received);
        } finally {
            received.flip();
        }
    }

    @Override
    public void write(ByteBuffer[] sources, int count) throws IOException {
        writing.lock();
        try {
            outgoing.clear();
            int record = engine.getSession().getPacketBufferSize();
            for (int first = 0; first < count; ) {
                if (!sources[first].hasRemaining()) {
                    first++;
                    continue;
                }
                if (outgoing.remaining() < record) {
                    send();
                }
                SSLEngineResult result = engine.wrap(sources, first, count - first, outgoing);
                if (result.getStatus() != Status.OK) {
                    throw new SSLException("TLS has ended: " + result.getStatus());
                }
                if (result.bytesConsumed() == 0 && result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                    runTasks();
                }
            }
            send();
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void endInput() throws IOException {
        channel.shutdownInput();
    }

    @Override
    public void endOutput() throws IOException {
        engine.closeOutbound();
        answer();
    }

    @Override
    public Wire secured(SSLEngine inner) {
        throw new IllegalStateException("TLS inside TLS");
    }

    @Override
    public String peerName() {
        try {
            return engine.getSession().getPeerPrincipal().getName();
        } catch (SSLPeerUnverifiedException e) {
            return "";
        }
    }

    @Override
    public void close() {
        Closing.quietly(channel);
    }
}
