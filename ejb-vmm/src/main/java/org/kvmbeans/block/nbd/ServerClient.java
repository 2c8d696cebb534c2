package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Posix;

/** A client of a server from its connection to its end; the thread that serves it runs {@link #run}. */
final class ServerClient {
    private static final Logger LOG = System.getLogger(ServerClient.class.getName());

    private final Posix posix;
    private final NbdServerOptions options;
    private final SocketChannel channel;
    private final PlainWire plain;
    private final ServerHandshake handshake;
    private final BufferPool pool;
    private final Executor threads;
    private final String address;
    private final long connectedMillis = System.currentTimeMillis();
    // The rest belongs to whoever holds this object's monitor.
    private boolean ending;
    private String peerName = "";
    private @Nullable ServedExport export;
    private @Nullable Wire wire;

    ServerClient(
            Posix posix,
            NbdServerOptions options,
            SocketChannel channel,
            Supplier<List<ServedExport>> exports,
            BufferPool pool,
            Executor threads)
            throws IOException {
        this.posix = posix;
        this.options = options;
        this.channel = channel;
        this.pool = pool;
        this.threads = threads;
        plain = new PlainWire(channel);
        handshake = new ServerHandshake(plain, options.tls(), exports);
        address = channel.getRemoteAddress() instanceof InetSocketAddress inet
                ? new NbdAddress.Tcp(inet.getAddress().getHostAddress(), inet.getPort()).toString()
                : "";
    }

    /** Negotiates and serves; afterwards the connection is closed, and nothing of it uses an image. */
    void run() {
        try {
            NbdAddress.prepare(channel);
            ServerHandshake.Agreed agreed = negotiate();
            if (agreed != null && begin(agreed)) {
                try {
                    serve(agreed);
                } finally {
                    agreed.export().leave();
                }
                sayGoodbye(agreed.wire());
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, () -> "the connection of " + this + " ended: " + e);
        } finally {
            plain.close();
        }
    }

    private ServerHandshake.@Nullable Agreed negotiate() throws IOException {
        Future<?> limit = Watch.after(options.handshakeTimeout(), plain::close);
        try {
            return handshake.run();
        } finally {
            limit.cancel(false);
        }
    }

    /** Enters the export; first it is known to use it, so that whoever closes the export finds it, or it finds it closed. */
    private boolean begin(ServerHandshake.Agreed agreed) {
        synchronized (this) {
            if (ending) {
                return false;
            }
            export = agreed.export();
            peerName = agreed.wire().peerName();
            wire = agreed.wire();
        }
        return agreed.export().enter();
    }

    private void serve(ServerHandshake.Agreed agreed) throws IOException {
        ServerTransmission transmission = new ServerTransmission(posix, agreed, options, pool, threads);
        Future<?> watch = Watch.every(options.stallTimeout().dividedBy(4).plusMillis(1), () -> {
            if (transmission.stalls(options.stallTimeout())) {
                plain.close();
            }
        });
        try {
            transmission.run();
        } finally {
            watch.cancel(false);
        }
    }

    private void sayGoodbye(Wire serving) throws IOException {
        Future<?> limit = Watch.after(options.stallTimeout(), plain::close);
        try {
            serving.endOutput();
        } finally {
            limit.cancel(false);
        }
    }

    /** Has it end: no further request is taken, those in progress are answered. Does not wait. */
    void end() {
        Wire serving;
        synchronized (this) {
            ending = true;
            serving = wire;
        }
        if (serving == null) {
            plain.close();
            return;
        }
        try {
            serving.endInput();
        } catch (IOException e) {
            plain.close();
        }
    }

    /** Drops the connection at once. */
    void abort() {
        plain.close();
    }

    /** Whether it uses an export. */
    synchronized boolean uses(ServedExport served) {
        return export == served;
    }

    synchronized NbdClientInfo info() {
        return new NbdClientInfo(
                address, peerName, export == null ? "" : export.export().name(), connectedMillis);
    }

    @Override
    public String toString() {
        return address.isEmpty() ? "a client on the UNIX socket" : address;
    }
}
