package org.kvmbeans.block.nbd;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a client goes about an export.
 *
 * @param tls certificates; needed exactly where the address asks for TLS
 * @param connections the most connections, 1 to 16; more than 1 are made where the server says that a flush on one of them
 *     covers the others (NBD_FLAG_CAN_MULTI_CONN)
 * @param connectTimeout how long connecting and negotiating may take, above 0
 * @param requestTimeout how long a reply may take, above 0; the connection counts as broken then
 * @param reconnectFor how long requests wait for a broken connection to be replaced; 0 has them fail at once
 * @param replayBytes memory for writes that the server has acknowledged and not flushed yet, to be sent again to a server that
 *     was restarted; at least {@link #MIN_REPLAY_BYTES}, or 0 for none: see {@link NbdStorage}
 * @param dirtyBitmap name of a bitmap that QEMU exports, to be asked with {@link NbdStorage#dirtyExtent}; null for none
 */
public record NbdClientOptions(
        @Nullable NbdTls tls,
        int connections,
        Duration connectTimeout,
        Duration requestTimeout,
        Duration reconnectFor,
        int replayBytes,
        @Nullable String dirtyBitmap) {
    /** The least memory that sending again works with: a request of the largest size, twice. */
    public static final int MIN_REPLAY_BYTES = 2 * Nbd.MAX_PAYLOAD_BYTES;

    /** One connection, no TLS, 10 s to connect, 60 s for a reply, 60 s to come back, 64 MiB to send again. */
    public static final NbdClientOptions DEFAULT = new NbdClientOptions(
            null, 1, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60), MIN_REPLAY_BYTES, null);

    private static final int MAX_CONNECTIONS = 16;

    public NbdClientOptions {
        if (connections < 1 || connections > MAX_CONNECTIONS) {
            throw new IllegalArgumentException(
                    "connections is " + connections + ": it must be 1 to " + MAX_CONNECTIONS);
        }
        if (connectTimeout.isNegative() || connectTimeout.isZero()) {
            throw new IllegalArgumentException("connectTimeout is " + connectTimeout + ": it must be above 0");
        }
        if (requestTimeout.isNegative() || requestTimeout.isZero()) {
            throw new IllegalArgumentException("requestTimeout is " + requestTimeout + ": it must be above 0");
        }
        if (reconnectFor.isNegative()) {
            throw new IllegalArgumentException("reconnectFor is " + reconnectFor + ": it must not be below 0");
        }
        if (replayBytes != 0 && replayBytes < MIN_REPLAY_BYTES) {
            throw new IllegalArgumentException(
                    "replayBytes is " + replayBytes + ": it must be 0 or at least " + MIN_REPLAY_BYTES);
        }
    }

    /** The same with TLS. */
    public NbdClientOptions withTls(NbdTls newTls) {
        return new NbdClientOptions(
                newTls, connections, connectTimeout, requestTimeout, reconnectFor, replayBytes, dirtyBitmap);
    }

    /** The same with up to so many connections. */
    public NbdClientOptions withConnections(int newConnections) {
        return new NbdClientOptions(
                tls, newConnections, connectTimeout, requestTimeout, reconnectFor, replayBytes, dirtyBitmap);
    }

    /** The same with other limits of time. */
    public NbdClientOptions withTimeouts(Duration connect, Duration request, Duration reconnect) {
        return new NbdClientOptions(tls, connections, connect, request, reconnect, replayBytes, dirtyBitmap);
    }

    /** The same with so much memory to send again from. */
    public NbdClientOptions withReplayBytes(int bytes) {
        return new NbdClientOptions(tls, connections, connectTimeout, requestTimeout, reconnectFor, bytes, dirtyBitmap);
    }

    /** The same with a bitmap. */
    public NbdClientOptions withDirtyBitmap(String name) {
        return new NbdClientOptions(tls, connections, connectTimeout, requestTimeout, reconnectFor, replayBytes, name);
    }
}
