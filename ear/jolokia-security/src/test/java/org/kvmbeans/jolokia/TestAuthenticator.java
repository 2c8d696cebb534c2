package org.kvmbeans.jolokia;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.HttpExchange;
import java.nio.file.Path;
import org.kvmbeans.ejb.Credentials;

/** The authenticator with the home of a test: Jolokia makes it by name. */
public final class TestAuthenticator extends Authenticator {
    static final String HOME = "kvmbeans.test.home";

    private final CredentialsAuthenticator tested =
            new CredentialsAuthenticator(new Credentials(Path.of(System.getProperty(HOME))));

    @Override
    public Result authenticate(HttpExchange exchange) {
        return tested.authenticate(exchange);
    }
}
