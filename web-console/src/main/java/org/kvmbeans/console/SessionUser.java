package org.kvmbeans.console;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is logged in, kept in the HTTP session.
 *
 * @param name the user
 * @param groups the user's groups, which are the roles
 * @param csrfToken what a request that changes something must carry; a page of another origin cannot read it
 */
record SessionUser(String name, HashSet<String> groups, String csrfToken) implements Serializable {
    private static final String ATTRIBUTE = SessionUser.class.getName();
    private static final int TOKEN_BYTES = 24;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Puts a user into a session whose id nobody could know before the login. */
    static SessionUser login(HttpServletRequest request, String name, Set<String> groups) {
        byte[] token = new byte[TOKEN_BYTES];
        RANDOM.nextBytes(token);
        SessionUser user = new SessionUser(
                name,
                new HashSet<>(groups),
                Base64.getUrlEncoder().withoutPadding().encodeToString(token));
        HttpSession old = request.getSession(false);
        if (old != null) {
            old.invalidate();
        }
        request.getSession(true).setAttribute(ATTRIBUTE, user);
        return user;
    }

    /** The user of the request's session; null where nobody is logged in. */
    static @Nullable SessionUser of(HttpServletRequest request) {
        HttpSession session = request.getSession(false);
        return session == null ? null : (SessionUser) session.getAttribute(ATTRIBUTE);
    }

    /** Compares in a time that does not tell how much of the token is right. */
    boolean hasToken(@Nullable String token) {
        return token != null
                && MessageDigest.isEqual(
                        token.getBytes(StandardCharsets.UTF_8), csrfToken.getBytes(StandardCharsets.UTF_8));
    }
}
