package org.kvmbeans.console;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.security.enterprise.AuthenticationStatus;
import jakarta.security.enterprise.authentication.mechanism.http.HttpAuthenticationMechanism;
import jakarta.security.enterprise.authentication.mechanism.http.HttpMessageContext;
import jakarta.security.enterprise.credential.Credential;
import jakarta.security.enterprise.identitystore.CredentialValidationResult;
import jakarta.security.enterprise.identitystore.IdentityStoreHandler;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Authenticates by a form and then by the HTTP session. A page that needs a login leads to the form; a request of the
 * console's own scripts is answered 401 instead, since a script cannot fill in a form.
 */
@ApplicationScoped
public class ConsoleAuthentication implements HttpAuthenticationMechanism {
    @Inject
    private IdentityStoreHandler identities;

    @Override
    public AuthenticationStatus validateRequest(
            HttpServletRequest request, HttpServletResponse response, HttpMessageContext context) {
        Credential credential = context.getAuthParameters().getCredential();
        if (credential != null) {
            return login(request, credential, context);
        }
        SessionUser user = SessionUser.of(request);
        if (user != null) {
            return context.notifyContainerAboutLogin(user.name(), user.groups());
        }
        return context.isProtected() ? refuse(request, response, context) : context.doNothing();
    }

    private AuthenticationStatus login(HttpServletRequest request, Credential credential, HttpMessageContext context) {
        CredentialValidationResult result = identities.validate(credential);
        if (result.getStatus() != CredentialValidationResult.Status.VALID) {
            return AuthenticationStatus.SEND_FAILURE;
        }
        SessionUser user =
                SessionUser.login(request, result.getCallerPrincipal().getName(), result.getCallerGroups());
        return context.notifyContainerAboutLogin(user.name(), user.groups());
    }

    private static AuthenticationStatus refuse(
            HttpServletRequest request, HttpServletResponse response, HttpMessageContext context) {
        // A refused request does not get to the filter.
        RequestGuard.setHeaders(response);
        String path = request.getRequestURI().substring(request.getContextPath().length());
        if (!path.startsWith("/api/") && !path.startsWith("/ws/")) {
            return context.redirect(request.getContextPath() + "/login.html");
        }
        try {
            RequestGuard.refuse(response, HttpServletResponse.SC_UNAUTHORIZED, "log in first");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return AuthenticationStatus.SEND_FAILURE;
    }
}
