package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RequestGuardTest {
    private static final String OWN = "http://localhost:9080";

    private final SessionUser user = new SessionUser("ops", new HashSet<>(), "the-token");
    private final Map<String, String> requestHeaders = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final Map<String, String> answerHeaders = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final StringWriter answer = new StringWriter();
    private int status;
    private boolean passed;

    @Test
    void letsAReadingRequestPassFromAnywhere() throws Exception {
        send("GET", "/api");
        assertThat(passed).isTrue();
    }

    @Test
    void letsTheConsolesOwnChangePass() throws Exception {
        own();
        send("POST", "/api");
        assertThat(passed).isTrue();
    }

    @Test
    void refusesAChangeFromAnotherOrigin() throws Exception {
        own();
        requestHeaders.put("Origin", "http://evil.example");
        send("POST", "/api");
        assertThat(passed).isFalse();
        assertThat(status).isEqualTo(403);
        assertThat(answer.toString()).contains("http://evil.example");
    }

    @Test
    void refusesAChangeWithoutOrigin() throws Exception {
        own();
        requestHeaders.remove("Origin");
        send("DELETE", "/api");
        assertThat(status).isEqualTo(403);
    }

    @Test
    void refusesAChangeWithoutTheSessionsToken() throws Exception {
        own();
        requestHeaders.put(RequestGuard.TOKEN_HEADER, "the-tokem");
        send("POST", "/api");
        assertThat(status).isEqualTo(403);
        assertThat(answer.toString()).contains(RequestGuard.TOKEN_HEADER);
    }

    @Test
    void refusesAChangeThatAPlainFormCouldSend() throws Exception {
        own();
        requestHeaders.put("Content-Type", "text/plain");
        send("POST", "/api");
        assertThat(status).isEqualTo(403);
        assertThat(answer.toString()).contains("application/json");
    }

    @Test
    void takesPlainBytesWithPutAlone() throws Exception {
        own();
        requestHeaders.put("Content-Type", "application/octet-stream");
        send("POST", "/api");
        assertThat(passed).isFalse();
        send("PUT", "/api");
        assertThat(passed).isTrue();
    }

    @Test
    void refusesPlainBytesWithoutTheSessionsToken() throws Exception {
        own();
        requestHeaders.put("Content-Type", "application/octet-stream");
        requestHeaders.remove(RequestGuard.TOKEN_HEADER);
        send("PUT", "/api");
        assertThat(status).isEqualTo(403);
    }

    @Test
    void refusesALoginFromAnotherOrigin() throws Exception {
        requestHeaders.put("Origin", "http://evil.example");
        send("POST", "/login");
        assertThat(status).isEqualTo(403);
    }

    @Test
    void refusesAWebSocketFromAnotherOrigin() throws Exception {
        requestHeaders.put("Upgrade", "WebSocket");
        requestHeaders.put("Origin", "http://evil.example");
        send("GET", "/ws/vms/a/serial/com1");
        assertThat(passed).isFalse();
        requestHeaders.put("Origin", OWN);
        send("GET", "/ws/vms/a/serial/com1");
        assertThat(passed).isTrue();
    }

    @Test
    void everyAnswerForbidsInlineScriptsAndFrames() throws Exception {
        send("GET", "/index.html");
        assertThat(answerHeaders.get("Content-Security-Policy"))
                .contains("default-src 'none'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(answerHeaders).containsEntry("X-Frame-Options", "DENY");
        assertThat(answerHeaders).containsEntry("X-Content-Type-Options", "nosniff");
    }

    private void own() {
        requestHeaders.put("Origin", OWN);
        requestHeaders.put("Content-Type", "application/json; charset=utf-8");
        requestHeaders.put(RequestGuard.TOKEN_HEADER, "the-token");
    }

    private void send(String method, String servletPath) throws Exception {
        requestHeaders.put("Host", "localhost:9080");
        HttpSession session = fake(HttpSession.class, Map.of("getAttribute", user));
        Map<String, Object> values = new HashMap<>();
        values.put("getMethod", method);
        values.put("getServletPath", servletPath);
        values.put("isSecure", false);
        values.put("getSession", session);
        new RequestGuard()
                .doFilter(
                        fake(HttpServletRequest.class, values),
                        fake(HttpServletResponse.class, Map.of("getWriter", new PrintWriter(answer, true))),
                        (request, response) -> passed = true);
    }

    /** An object that answers each method with the value under its name, and headers from the maps. */
    private <T> T fake(Class<T> type, Map<String, Object> values) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "getHeader" -> {
                            return requestHeaders.get((String) arguments[0]);
                        }
                        case "getContentType" -> {
                            return requestHeaders.get("Content-Type");
                        }
                        case "setHeader" -> answerHeaders.put((String) arguments[0], (String) arguments[1]);
                        case "setStatus" -> status = (Integer) arguments[0];
                        default -> {
                            return values.get(method.getName());
                        }
                    }
                    return null;
                }));
    }
}
