package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An authority, a server's and a client's certificate, in files that are named as QEMU's tools want them. */
final class TestCertificates {
    static final String CLIENT_NAME = "CN=backup,O=Beans";

    private final Path directory;

    /** Makes them with openssl in a directory of their own. */
    TestCertificates(Path directory) throws IOException {
        this.directory = Files.createDirectory(directory);
        // RSA keys take openssl long to find; P-256 does not.
        openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority"
                        + " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
                "ca-key.pem",
                "ca-cert.pem");
        Files.writeString(
                directory.resolve("server.ext"),
                "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n");
        Files.writeString(
                directory.resolve("client.ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n");
        sign("server", "/CN=localhost");
        sign("client", "/O=Beans/CN=backup");
    }

    private void sign(String who, String subject) throws IOException {
        NbdBench.succeed(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                subject,
                "-keyout",
                path(who + "-key.pem").toString(),
                "-out",
                path(who + ".csr").toString());
        NbdBench.succeed(
                "openssl",
                "x509",
                "-req",
                "-days",
                "2",
                "-in",
                path(who + ".csr").toString(),
                "-CA",
                authority().toString(),
                "-CAkey",
                path("ca-key.pem").toString(),
                "-set_serial",
                String.valueOf(who.hashCode() & 0xFFFF),
                "-extfile",
                path(who + ".ext").toString(),
                "-out",
                path(who + "-cert.pem").toString());
    }

    private void openssl(String arguments, String key, String certificate) throws IOException {
        NbdBench.succeed(("openssl " + arguments + " -keyout " + path(key) + " -out " + path(certificate)).split(" "));
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    Path authority() {
        return path("ca-cert.pem");
    }

    NbdTls.Identity server() {
        return new NbdTls.Identity(path("server-cert.pem"), path("server-key.pem"));
    }

    NbdTls.Identity client() {
        return new NbdTls.Identity(path("client-cert.pem"), path("client-key.pem"));
    }

    /** The option of QEMU's tools that names these certificates. */
    String qemuObject(String endpoint, String verifyPeer) {
        return "tls-creds-x509,id=tls0,endpoint=" + endpoint + ",verify-peer=" + verifyPeer + ",dir=" + directory;
    }
}
