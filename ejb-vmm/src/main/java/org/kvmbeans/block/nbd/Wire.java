package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;

/**
 * A connection that carries bytes, encrypted or not. One thread reads while one writes; {@link #close} may come from any
 * thread and ends both.
 */
interface Wire extends AutoCloseable {
    /**
     * Reads what there is, at least 1 byte.
     *
     * @param target with room
     * @return bytes; -1 where the peer has ended
     */
    int read(ByteBuffer target) throws IOException;

    /** Writes everything that the first {@code count} buffers have. */
    void write(ByteBuffer[] sources, int count) throws IOException;

    /** No more is read: {@link #read} ends as if the peer had. */
    void endInput() throws IOException;

    /** Tells the peer that nothing more is sent, where the connection has a way to. */
    void endOutput() throws IOException;

    /**
     * Shakes hands for TLS, of which the connection carries nothing else from then on.
     *
     * @return the connection inside TLS; this one belongs to it
     * @throws javax.net.ssl.SSLException where the two do not agree or a certificate is not accepted
     */
    Wire secured(SSLEngine engine) throws IOException;

    /** Who the peer is by its certificate, as an RFC 2253 name; empty where it has shown none. */
    String peerName();

    /** Drops the connection at once. Idempotent. */
    @Override
    void close();
}
