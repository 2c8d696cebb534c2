package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The connections to an export at one time. They live and end together: what was sent on one of them before it broke must not
 * overtake, on a new one, what others still carry.
 */
final class Session {
    private final List<ClientConnection> connections = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private final ExportInfo export;
    // The rest belongs to whoever holds this object's monitor.
    private int users;
    private boolean ended;
    private @Nullable String why;

    private Session(ExportInfo export) {
        this.export = export;
    }

    /** Connects, once at least, and as often as the options and the server allow. */
    static Session open(NbdUri uri, NbdClientOptions options) throws IOException {
        ClientHandshake.Connected first = ClientHandshake.connect(uri, options);
        Session session = new Session(first.export());
        session.add(uri, options, first);
        int count = first.export().can(Nbd.FLAG_CAN_MULTI_CONN) ? options.connections() : 1;
        try {
            while (session.connections.size() < count) {
                ClientHandshake.Connected next = another(uri, options);
                if (next == null) {
                    break;
                }
                if (!next.export().equals(first.export())) {
                    next.wire().close();
                    throw new IOException("the server shows another export at the second connection");
                }
                session.add(uri, options, next);
            }
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            session.abort(why);
            session.connections.forEach(connection -> connection.abort(why));
            throw e;
        }
        String why = session.why();
        if (why != null) {
            // A connection that was added after the first had ended knows nothing of that.
            session.connections.forEach(connection -> connection.abort(why));
            throw new IOException(why);
        }
        return session;
    }

    /** One more connection; null where the server bears no more, which is no reason to have none. */
    private static ClientHandshake.@Nullable Connected another(NbdUri uri, NbdClientOptions options) {
        try {
            return ClientHandshake.connect(uri, options);
        } catch (IOException e) {
            return null;
        }
    }

    private void add(NbdUri uri, NbdClientOptions options, ClientHandshake.Connected connected) {
        ClientConnection connection = new ClientConnection(
                uri.address() + "-" + connections.size(), connected, options.requestTimeout(), this::abort);
        connections.add(connection);
        connection.start();
    }

    ExportInfo export() {
        return export;
    }

    /** Takes part, until {@link #leave}; false where it has ended. */
    synchronized boolean enter() {
        if (!ended) {
            users++;
        }
        return !ended;
    }

    synchronized void leave() {
        users--;
        if (users == 0) {
            notifyAll();
        }
    }

    /** Waits until nobody takes part any more; after it has ended, when all requests end at once. */
    synchronized void awaitUnused() {
        boolean interrupted = false;
        while (users > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends a request on one of the connections. */
    void send(ClientRequest request) {
        int index = Math.floorMod(turn.getAndIncrement(), connections.size());
        connections.get(index).send(request);
    }

    /** Ends all connections. May be called from any thread; does not wait. */
    void abort(String reason) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            why = reason;
        }
        connections.forEach(connection -> connection.abort(reason));
    }

    /** Why it has ended; null while it has not. */
    synchronized @Nullable String why() {
        return why;
    }

    int connectionCount() {
        return connections.size();
    }

    /** Ends it in an orderly way, when nothing is in progress. */
    void disconnect() {
        synchronized (this) {
            ended = true;
        }
        connections.forEach(ClientConnection::disconnect);
    }
}
