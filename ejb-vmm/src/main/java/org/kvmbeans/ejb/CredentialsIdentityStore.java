package org.kvmbeans.ejb;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.security.enterprise.credential.Credential;
import jakarta.security.enterprise.credential.UsernamePasswordCredential;
import jakarta.security.enterprise.identitystore.CredentialValidationResult;
import jakarta.security.enterprise.identitystore.IdentityStore;
import java.io.IOException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The users of {@link Credentials} for the server's own authentication; the groups of a caller are its role and those that
 * it implies. A web module that declares an authentication mechanism of Jakarta Security uses it without further wiring.
 */
@ApplicationScoped
public class CredentialsIdentityStore implements IdentityStore {
    private static final Logger LOG = Logger.getLogger(CredentialsIdentityStore.class.getName());

    private final Credentials credentials = new Credentials(Home.path());

    @Override
    public CredentialValidationResult validate(Credential credential) {
        if (!(credential instanceof UsernamePasswordCredential given)) {
            return CredentialValidationResult.NOT_VALIDATED_RESULT;
        }
        try {
            Optional<String> role = credentials.authenticate(given.getCaller(), given.getPasswordAsString());
            return role.map(name -> new CredentialValidationResult(given.getCaller(), Roles.withImplied(name)))
                    .orElse(CredentialValidationResult.INVALID_RESULT);
        } catch (IOException e) {
            LOG.log(Level.SEVERE, "nobody can log in: {0}", e.getMessage());
            return CredentialValidationResult.INVALID_RESULT;
        }
    }
}
