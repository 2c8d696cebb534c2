package org.kvmbeans.console;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.servlet.http.HttpSession;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Takes the caller's identity from the handshake, which is a request, to the endpoint, whose threads have none: the
 * services check the role of every call.
 */
public class SerialHandshake extends ServerEndpointConfig.Configurator {
    private static final String CALLER = SerialHandshake.class.getName() + ".caller";
    private static final String USER = SerialHandshake.class.getName() + ".user";
    private static final String HTTP_SESSION = SerialHandshake.class.getName() + ".httpSession";

    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        // A copy for this connection alone (Jakarta WebSocket 2.1, section 3.1.7).
        Map<String, Object> properties = config.getUserProperties();
        properties.remove(CALLER);
        properties.remove(USER);
        properties.remove(HTTP_SESSION);
        Principal user = request.getUserPrincipal();
        if (user != null && request.getHttpSession() instanceof HttpSession session && isSameOrigin(request)) {
            properties.put(
                    CALLER, CDI.current().select(CallerContexts.class).get().capture());
            properties.put(USER, user.getName());
            properties.put(HTTP_SESSION, session.getId());
        }
    }

    private static boolean isSameOrigin(HandshakeRequest request) {
        String origin = header(request, "Origin");
        String host = header(request, "Host");
        // RequestGuard has compared the scheme too; here only what a server without filters before the handshake needs.
        return SameOrigin.matches(origin, false, host) || SameOrigin.matches(origin, true, host);
    }

    private static @Nullable String header(HandshakeRequest request, String name) {
        for (Map.Entry<String, List<String>> header : request.getHeaders().entrySet()) {
            if (header.getKey().equalsIgnoreCase(name) && !header.getValue().isEmpty()) {
                return header.getValue().get(0);
            }
        }
        return null;
    }

    /**
     * Runs tasks on the calling thread with the identity of the connection's user; null where the handshake had none, or
     * where the properties are another user's, as on a server that does not copy them for each connection.
     */
    static @Nullable Executor caller(Session session) {
        Map<String, Object> properties = session.getUserProperties();
        Principal user = session.getUserPrincipal();
        boolean own = user != null && user.getName().equals(properties.get(USER));
        return own ? (Executor) properties.get(CALLER) : null;
    }

    /** Id of the HTTP session that the connection belongs to; null where it has none. */
    static @Nullable String httpSession(Session session) {
        return (String) session.getUserProperties().get(HTTP_SESSION);
    }
}
