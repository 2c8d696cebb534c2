package org.kvmbeans.jolokia;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.ejb.Credentials;
import org.kvmbeans.ejb.Home;
import org.kvmbeans.ejb.Roles;

/** HTTP Basic authentication against the users of the server. Also bounds what an unknown client can send. */
public final class CredentialsAuthenticator extends Authenticator {
    /** A bulk request over a thousand VMs is a tenth of this. */
    static final int LONGEST_REQUEST_BYTES = 4 << 20;

    private static final System.Logger LOG = System.getLogger(CredentialsAuthenticator.class.getName());
    private static final String REALM = "KVM Beans";
    private static final String BASIC = "basic ";
    private static final int LONGEST_AUTHORIZATION = 4096;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;

    private final Credentials credentials;

    /** For Jolokia, which makes it by name. */
    public CredentialsAuthenticator() {
        this(new Credentials(Home.path()));
    }

    CredentialsAuthenticator(Credentials credentials) {
        this.credentials = credentials;
    }

    @Override
    public Result authenticate(HttpExchange exchange) {
        Caller.leave();
        Headers headers = exchange.getRequestHeaders();
        if (isFromAnotherSite(headers.getFirst("Sec-Fetch-Site"))) {
            return new Failure(FORBIDDEN);
        }
        String[] login = login(headers.getFirst("Authorization"));
        if (login == null) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"" + REALM + "\", charset=\"UTF-8\"");
            return new Retry(UNAUTHORIZED);
        }
        try {
            Optional<String> role = credentials.authenticate(login[0], login[1]);
            if (role.isEmpty()) {
                return new Failure(UNAUTHORIZED);
            }
            Caller.enter(new Caller(login[0], Roles.withImplied(role.get())));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "nobody can log in: {0}", e.getMessage());
            return new Failure(UNAVAILABLE);
        }
        exchange.setStreams(new BoundedInput(exchange.getRequestBody(), LONGEST_REQUEST_BYTES), null);
        return new Success(new HttpPrincipal(login[0], REALM));
    }

    /**
     * Browsers say in this header where a request comes from, also for an image or a form that sends no origin. A page of
     * another site must not use the login that a browser remembers.
     */
    private static boolean isFromAnotherSite(@Nullable String secFetchSite) {
        return secFetchSite != null && !secFetchSite.equals("same-origin") && !secFetchSite.equals("none");
    }

    private static String @Nullable [] login(@Nullable String authorization) {
        if (authorization == null
                || authorization.length() > LONGEST_AUTHORIZATION
                || !authorization.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return null;
        }
        try {
            byte[] decoded = Base64.getDecoder()
                    .decode(authorization.substring(BASIC.length()).trim());
            String[] login = new String(decoded, StandardCharsets.UTF_8).split(":", 2);
            return login.length == 2 ? login : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
