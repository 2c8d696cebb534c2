package org.kvmbeans.block.nbd;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Certificates and private keys from PEM files (RFC 7468). */
final class PemFile {
    private static final int MAX_BYTES = 1 << 20;
    private static final String CERTIFICATE = "CERTIFICATE";
    /** PKCS #8: says itself of which algorithm it is. */
    private static final String PRIVATE_KEY = "PRIVATE KEY";
    /** PKCS #1. */
    private static final String RSA_PRIVATE_KEY = "RSA PRIVATE KEY";
    /** Version 0 and the algorithm rsaEncryption, as PKCS #8 has them before the key of PKCS #1. */
    private static final byte[] PKCS8_RSA = HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

    private final Path path;

    PemFile(Path path) {
        this.path = path;
    }

    /** All certificates, in the file's order; at least one. */
    List<Certificate> certificates() throws DiskImageException {
        List<Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (byte[] der : sections(CERTIFICATE)) {
                certificates.add(factory.generateCertificate(new ByteArrayInputStream(der)));
            }
        } catch (GeneralSecurityException e) {
            throw refused(Kind.CORRUPT, "a certificate in it cannot be read: " + e.getMessage());
        }
        if (certificates.isEmpty()) {
            throw refused(Kind.CORRUPT, "it has no certificate; one begins with -----BEGIN CERTIFICATE-----");
        }
        return certificates;
    }

    /** The private key. */
    PrivateKey privateKey() throws DiskImageException {
        List<byte[]> keys = new ArrayList<>(sections(PRIVATE_KEY));
        for (byte[] rsa : sections(RSA_PRIVATE_KEY)) {
            keys.add(pkcs8(rsa));
            Arrays.fill(rsa, (byte) 0);
        }
        if (keys.size() != 1) {
            throw refused(
                    Kind.CORRUPT,
                    "it has " + keys.size() + " private keys, and must have one, not encrypted: "
                            + "openssl pkcs8 -topk8 -nodes makes the right form of any");
        }
        byte[] key = keys.get(0);
        try {
            for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
                PrivateKey decoded = decode(algorithm, key);
                if (decoded != null) {
                    return decoded;
                }
            }
        } finally {
            Arrays.fill(key, (byte) 0);
        }
        throw refused(Kind.UNSUPPORTED, "its private key is of an unknown algorithm; RSA, EC and EdDSA are known");
    }

    /** Null where the key is of another algorithm: it says itself which, but nothing of the JDK reads that alone. */
    private static @Nullable PrivateKey decode(String algorithm, byte[] key) {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(key));
        } catch (GeneralSecurityException e) {
            return null;
        }
    }

    private static byte[] pkcs8(byte[] rsa) {
        byte[] octets = tagged(0x04, rsa);
        byte[] body = Arrays.copyOf(PKCS8_RSA, PKCS8_RSA.length + octets.length);
        System.arraycopy(octets, 0, body, PKCS8_RSA.length, octets.length);
        return tagged(0x30, body);
    }

    /** A value of DER with the long form of its length, which need not be the shortest for the JDK's reader up to 2^24. */
    private static byte[] tagged(int tag, byte[] value) {
        byte[] length = value.length < 0x80
                ? new byte[] {(byte) value.length}
                : value.length < 0x100
                        ? new byte[] {(byte) 0x81, (byte) value.length}
                        : new byte[] {(byte) 0x82, (byte) (value.length >> 8), (byte) value.length};
        return ByteBuffer.allocate(1 + length.length + value.length)
                .put((byte) tag)
                .put(length)
                .put(value)
                .array();
    }

    /** The decoded sections of one label. */
    private List<byte[]> sections(String label) throws DiskImageException {
        String text = new String(bytes(), StandardCharsets.ISO_8859_1);
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        List<byte[]> sections = new ArrayList<>();
        for (int at = text.indexOf(begin); at >= 0; ) {
            int from = at + begin.length();
            int to = text.indexOf(end, from);
            if (to < 0) {
                throw refused(Kind.CORRUPT, "'" + end + "' is missing");
            }
            try {
                sections.add(Base64.getMimeDecoder().decode(text.substring(from, to)));
            } catch (IllegalArgumentException e) {
                throw refused(Kind.CORRUPT, "between '" + begin + "' and its end is no Base64");
            }
            at = text.indexOf(begin, to);
        }
        return sections;
    }

    private byte[] bytes() throws DiskImageException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream file = Files.newInputStream(path)) {
            bytes.write(file.readNBytes(MAX_BYTES + 1));
        } catch (NoSuchFileException e) {
            throw refused(Kind.NOT_FOUND, "there is no such file");
        } catch (IOException e) {
            throw refused(Kind.DENIED, "it cannot be read: " + e.getMessage());
        }
        if (bytes.size() > MAX_BYTES) {
            throw refused(Kind.CORRUPT, "it has more than " + MAX_BYTES + " bytes; no certificate has");
        }
        return bytes.toByteArray();
    }

    private DiskImageException refused(Kind kind, String what) {
        return new DiskImageException(kind, path.toString(), what);
    }
}
