package org.kvmbeans.console;

import jakarta.json.Json;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sets the security headers of every answer, and refuses what another site could make a browser send: requests that change
 * something, and WebSocket handshakes, must come from the console's own origin; those of the API must be JSON, or
 * with PUT plain bytes, and carry the session's token as well.
 */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
public class RequestGuard extends HttpFilter {
    /** The header that carries {@link SessionUser#csrfToken}. */
    static final String TOKEN_HEADER = "X-CSRF-Token";

    static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                    + "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private static final long serialVersionUID = 1;
    private static final Set<String> SAFE_METHODS = Set.of("GET", "HEAD", "OPTIONS");

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        setHeaders(response);
        String refusal = refusal(request);
        if (refusal != null) {
            refuse(response, HttpServletResponse.SC_FORBIDDEN, refusal);
        } else {
            chain.doFilter(request, response);
        }
    }

    /** Tells the browser what the page may do and who may show it. */
    static void setHeaders(HttpServletResponse response) {
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.setHeader("X-Frame-Options", "DENY");
        response.setHeader("X-Content-Type-Options", "nosniff");
        // With "no-referrer" a browser sends the login form with the origin "null".
        response.setHeader("Referrer-Policy", "same-origin");
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        // Answers are nobody's to keep; and all files of a build have one date, so that an update would not be noticed.
        response.setHeader("Cache-Control", "no-store");
    }

    /** Why a request is refused; null where it is not. */
    private static @Nullable String refusal(HttpServletRequest request) {
        boolean webSocket = "websocket".equalsIgnoreCase(request.getHeader("Upgrade"));
        if (SAFE_METHODS.contains(request.getMethod()) && !webSocket) {
            return null;
        }
        String origin = request.getHeader("Origin");
        if (!SameOrigin.matches(origin, request.isSecure(), request.getHeader("Host"))) {
            return "the request must come from the console's own origin, not from " + shown(origin);
        }
        return webSocket || !request.getServletPath().startsWith("/api") ? null : apiRefusal(request);
    }

    private static @Nullable String apiRefusal(HttpServletRequest request) {
        // Neither type is one that a form of another site could send (Fetch standard, CORS-safelisted request headers).
        String wanted = request.getMethod().equals("PUT") ? "application/octet-stream" : "application/json";
        String type = request.getContentType();
        if (type == null
                || !type.toLowerCase(Locale.ROOT).split(";", 2)[0].strip().equals(wanted)) {
            return "the content type must be " + wanted;
        }
        SessionUser user = SessionUser.of(request);
        boolean known = user != null && user.hasToken(request.getHeader(TOKEN_HEADER));
        return known ? null : "the header " + TOKEN_HEADER + " must carry the token of the session";
    }

    private static String shown(@Nullable String origin) {
        return origin == null ? "an unnamed one" : "\"" + origin + "\"";
    }

    /** Answers with a status and {@code {"error": message}}. */
    static void refuse(HttpServletResponse response, int status, String message) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        response.getWriter()
                .write(Json.createObjectBuilder().add("error", message).build().toString());
    }
}
