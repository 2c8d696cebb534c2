package org.kvmbeans.console;

import org.jspecify.annotations.Nullable;

/**
 * Tells whether a request comes from one of the console's own pages. Browsers send {@code Origin} with every request that
 * can change something and with every WebSocket handshake, and no page can forge it (Fetch standard, section 3.2).
 */
final class SameOrigin {
    private SameOrigin() {}

    /**
     * Whether {@code origin} names the server that was asked.
     *
     * @param origin header {@code Origin}; null where there is none
     * @param secure whether the request came over TLS
     * @param host header {@code Host}, with the port where it is not the scheme's own; null where there is none
     */
    static boolean matches(@Nullable String origin, boolean secure, @Nullable String host) {
        if (origin == null || host == null || host.isEmpty()) {
            return false;
        }
        return origin.equalsIgnoreCase((secure ? "https://" : "http://") + host);
    }
}
