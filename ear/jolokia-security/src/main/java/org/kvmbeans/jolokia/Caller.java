package org.kvmbeans.jolokia;

import java.util.Optional;
import java.util.Set;

/**
 * Who sent the request that the current thread handles. The JDK's HTTP server runs the authenticator and the handler of a
 * request on one thread, one after the other, and asks the authenticator before each request.
 *
 * @param user the name
 * @param roles the role and those that it implies
 */
record Caller(String user, Set<String> roles) {
    private static final ThreadLocal<Caller> CURRENT = new ThreadLocal<>();

    /** The caller of this thread's request; empty where it is not authenticated. */
    static Optional<Caller> current() {
        return Optional.ofNullable(CURRENT.get());
    }

    static void enter(Caller caller) {
        CURRENT.set(caller);
    }

    static void leave() {
        CURRENT.remove();
    }

    boolean has(String role) {
        return roles.contains(role);
    }
}
