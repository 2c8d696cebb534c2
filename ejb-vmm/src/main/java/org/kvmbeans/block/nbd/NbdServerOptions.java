package org.kvmbeans.block.nbd;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a server serves.
 *
 * @param address where it listens; port 0 for one that is free
 * @param tls certificates; every client then needs TLS. Null for a server that offers none
 * @param maxClients connections at a time, at least 1; further ones are closed at once
 * @param parallelRequests requests of a client that are carried out at the same time, 1 to 64
 * @param bytesPerClient memory for a client's data, at least {@link #MIN_BYTES_PER_CLIENT}; requests wait for it
 * @param handshakeTimeout how long a client may take to negotiate, above 0
 * @param stallTimeout how long a client may leave a reply unread, or a write half sent, above 0
 */
public record NbdServerOptions(
        NbdAddress address,
        @Nullable NbdTls tls,
        int maxClients,
        int parallelRequests,
        int bytesPerClient,
        Duration handshakeTimeout,
        Duration stallTimeout) {
    /** Room for a request of the largest size. */
    public static final int MIN_BYTES_PER_CLIENT = Nbd.MAX_PAYLOAD_BYTES;

    private static final int MAX_PARALLEL = 64;

    public NbdServerOptions {
        if (maxClients < 1) {
            throw new IllegalArgumentException("maxClients is " + maxClients + ": it must be at least 1");
        }
        if (parallelRequests < 1 || parallelRequests > MAX_PARALLEL) {
            throw new IllegalArgumentException(
                    "parallelRequests is " + parallelRequests + ": it must be 1 to " + MAX_PARALLEL);
        }
        if (bytesPerClient < MIN_BYTES_PER_CLIENT) {
            throw new IllegalArgumentException(
                    "bytesPerClient is " + bytesPerClient + ": it must be at least " + MIN_BYTES_PER_CLIENT);
        }
        if (handshakeTimeout.isNegative() || handshakeTimeout.isZero()) {
            throw new IllegalArgumentException("handshakeTimeout is " + handshakeTimeout + ": it must be above 0");
        }
        if (stallTimeout.isNegative() || stallTimeout.isZero()) {
            throw new IllegalArgumentException("stallTimeout is " + stallTimeout + ": it must be above 0");
        }
    }

    /** 16 clients, 8 requests of each at the same time, 32 MiB for each, 10 s to negotiate, 60 s to go on. */
    public static NbdServerOptions at(NbdAddress address) {
        return new NbdServerOptions(
                address, null, 16, 8, MIN_BYTES_PER_CLIENT, Duration.ofSeconds(10), Duration.ofSeconds(60));
    }

    /** As {@link #at}, on a free TCP port of the loopback interface. */
    public static NbdServerOptions onLoopback() {
        return at(new NbdAddress.Tcp("127.0.0.1", 0));
    }

    /** The same with TLS. */
    public NbdServerOptions withTls(NbdTls newTls) {
        return new NbdServerOptions(
                address, newTls, maxClients, parallelRequests, bytesPerClient, handshakeTimeout, stallTimeout);
    }

    /** The same for so many clients. */
    public NbdServerOptions withMaxClients(int newMaxClients) {
        return new NbdServerOptions(
                address, tls, newMaxClients, parallelRequests, bytesPerClient, handshakeTimeout, stallTimeout);
    }

    /** The same with so many requests at the same time. */
    public NbdServerOptions withParallelRequests(int requests) {
        return new NbdServerOptions(address, tls, maxClients, requests, bytesPerClient, handshakeTimeout, stallTimeout);
    }

    /** The same with other limits of time. */
    public NbdServerOptions withTimeouts(Duration handshake, Duration stall) {
        return new NbdServerOptions(address, tls, maxClients, parallelRequests, bytesPerClient, handshake, stall);
    }
}
