package org.kvmbeans.console;

import jakarta.servlet.annotation.WebListener;
import jakarta.servlet.http.HttpSessionEvent;
import jakarta.servlet.http.HttpSessionListener;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The open terminals by HTTP session: they end with it, whether by logout or because it timed out. */
@WebListener
public class SerialConnections implements HttpSessionListener {
    /** Each one holds a thread of the server. */
    static final int MOST = 200;

    private static final Map<String, Set<SerialConnection>> BY_SESSION = new ConcurrentHashMap<>();
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** Notes a connection; false where there are too many. */
    static boolean add(String httpSession, SerialConnection connection) {
        if (COUNT.incrementAndGet() > MOST) {
            COUNT.decrementAndGet();
            return false;
        }
        BY_SESSION
                .computeIfAbsent(httpSession, id -> ConcurrentHashMap.newKeySet())
                .add(connection);
        return true;
    }

    /** Forgets a connection that was added. */
    static void remove(String httpSession, SerialConnection connection) {
        BY_SESSION.computeIfPresent(httpSession, (id, connections) -> {
            if (connections.remove(connection)) {
                COUNT.decrementAndGet();
            }
            return connections.isEmpty() ? null : connections;
        });
    }

    @Override
    public void sessionDestroyed(HttpSessionEvent event) {
        Set<SerialConnection> connections =
                BY_SESSION.getOrDefault(event.getSession().getId(), Set.of());
        connections.forEach(connection -> connection.end(SerialConnection.POLICY, "the session has ended"));
    }
}
