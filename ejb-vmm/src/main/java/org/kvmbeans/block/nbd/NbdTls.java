package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/**
 * Certificates of one side, from PEM files. TLS 1.2 and 1.3 alone; the files are read once, when this is made.
 *
 * <p>A server with trusted certificates asks every client for one of theirs and refuses those that have none. A client always
 * checks the server's certificate, and the name in it.
 */
public final class NbdTls {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private final SSLContext context;
    private final boolean trusts;

    private NbdTls(SSLContext context, boolean trusts) {
        this.context = context;
        this.trusts = trusts;
    }

    /**
     * A certificate and its private key.
     *
     * @param certificates PEM file: the own certificate first, then those that lead to a trusted one
     * @param key PEM file with the private key, not encrypted
     */
    public record Identity(Path certificates, Path key) {}

    /**
     * A client's side.
     *
     * @param trusted PEM file with the certificates of the authorities that vouch for servers
     * @param identity what is shown to servers that ask; null for nothing
     * @throws DiskImageException that names the file and what is wrong
     */
    public static NbdTls client(Path trusted, @Nullable Identity identity) throws DiskImageException {
        return of(trusted, identity);
    }

    /**
     * A server's side.
     *
     * @param identity what is shown to clients
     * @param trusted PEM file with the certificates of the authorities that vouch for clients; null where clients need none
     * @throws DiskImageException that names the file and what is wrong
     */
    public static NbdTls server(Identity identity, @Nullable Path trusted) throws DiskImageException {
        return of(trusted, identity);
    }

    private static NbdTls of(@Nullable Path trusted, @Nullable Identity identity) throws DiskImageException {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(identity == null ? emptyStore() : store(identity), new char[0]);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore authorities = emptyStore();
            if (trusted != null) {
                List<Certificate> certificates = new PemFile(trusted).certificates();
                for (int i = 0; i < certificates.size(); i++) {
                    authorities.setCertificateEntry("authority" + i, certificates.get(i));
                }
                trust.init(authorities);
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trusted == null ? null : trust.getTrustManagers(), null);
            return new NbdTls(context, trusted != null);
        } catch (GeneralSecurityException e) {
            String file = identity != null ? identity.certificates().toString() : String.valueOf(trusted);
            throw new DiskImageException(Kind.CORRUPT, file, "certificate and key cannot be used: " + e.getMessage());
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new GeneralSecurityException("no empty key store can be made", e);
        }
    }

    private static KeyStore store(Identity identity) throws GeneralSecurityException, DiskImageException {
        PrivateKey key = new PemFile(identity.key()).privateKey();
        Certificate[] chain =
                new PemFile(identity.certificates()).certificates().toArray(Certificate[]::new);
        if (!belongTogether(key, chain[0].getPublicKey())) {
            throw new DiskImageException(
                    Kind.CORRUPT,
                    identity.certificates().toString(),
                    "its first certificate is not that of the private key in " + identity.key());
        }
        KeyStore store = emptyStore();
        store.setKeyEntry("identity", key, new char[0], chain);
        return store;
    }

    private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
        if (!privateKey.getAlgorithm().equals(publicKey.getAlgorithm())) {
            return false;
        }
        String scheme = switch (privateKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> privateKey.getAlgorithm();
        };
        byte[] sample = {1, 2, 3};
        Signature signature = Signature.getInstance(scheme);
        signature.initSign(privateKey);
        signature.update(sample);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(sample);
        return signature.verify(signed);
    }

    /** @param name what the server's certificate must have: a host name or address */
    SSLEngine clientEngine(String name) {
        SSLEngine engine = context.createSSLEngine(name, 0);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(PROTOCOLS);
        // As in RFC 2818: subject alternative names, by host name or IP address.
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return engine;
    }

    SSLEngine serverEngine() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(PROTOCOLS);
        parameters.setNeedClientAuth(trusts);
        engine.setSSLParameters(parameters);
        return engine;
    }
}
