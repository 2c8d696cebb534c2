package org.kvmbeans.console;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.servlet.http.HttpSession;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
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
    private static final String HTTP_SESSION = SerialHandshake.class.getName() + ".httpSession";

    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        // A copy for this connection alone (Jakarta WebSocket 2.1, section 3.1.7).
        Map<String, Object> properties = config.getUserProperties();
        properties.remove(CALLER);
        properties.remove(HTTP_SESSION);
        if (request.getUserPrincipal() != null
                && request.getHttpSession() instanceof HttpSession session
                && isSameOrigin(request)) {
            properties.put(
                    CALLER, CDI.current().select(CallerContexts.class).get().capture());
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

    /** Runs tasks on the calling thread with the identity of the connection's user; null where the handshake had none. */
    static @Nullable Executor caller(Map<String, Object> properties) {
        return (Executor) properties.get(CALLER);
    }

    /** Id of the HTTP session that the connection belongs to; null where it has none. */
    static @Nullable String httpSession(Map<String, Object> properties) {
        return (String) properties.get(HTTP_SESSION);
    }
}
