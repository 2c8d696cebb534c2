package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.DiskImageException;

class PemFileTest {
    private NbdBench bench;

    @BeforeEach
    void prepare() throws IOException {
        bench = new NbdBench();
    }

    @AfterEach
    void cleanUp() throws Exception {
        bench.close();
    }

    private PemFile file(String text) throws IOException {
        Path path = bench.path("file.pem");
        Files.writeString(path, text);
        return new PemFile(path);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
                "-algorithm ED25519",
                "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
            })
    void readsKeysOfEveryAlgorithm(String algorithm) throws IOException {
        Path key = bench.path("key.pem");
        NbdBench.succeed(("openssl genpkey " + algorithm + " -out " + key).split(" "));

        assertThat(new PemFile(key).privateKey().getEncoded()).isNotEmpty();
    }

    @Test
    void readsRsaKeysOfTheOldForm() throws IOException {
        Path key = bench.path("key.pem");
        Path old = bench.path("old.pem");
        NbdBench.succeed(("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out " + key).split(" "));
        NbdBench.succeed(("openssl rsa -traditional -in " + key + " -out " + old).split(" "));
        assertThat(Files.readString(old)).contains("BEGIN RSA PRIVATE KEY");

        assertThat(new PemFile(old).privateKey()).isEqualTo(new PemFile(key).privateKey());
    }

    @Test
    void readsEveryCertificateOfAChain() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        String chain = "some words\n" + Files.readString(certificates.path("server-cert.pem"))
                + Files.readString(certificates.authority());

        assertThat(file(chain).certificates()).hasSize(2);
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        assertThatThrownBy(() -> file("").certificates()).hasMessageContaining("BEGIN CERTIFICATE");
        assertThatThrownBy(() -> file("-----BEGIN CERTIFICATE-----\nAAAA").certificates())
                .hasMessageContaining("missing");
        assertThatThrownBy(() -> file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
                        .certificates())
                .hasMessageContaining("cannot be read");
        assertThatThrownBy(() -> file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
                        .privateKey())
                .hasMessageContaining("unknown algorithm");
        assertThatThrownBy(
                        () -> file("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----")
                                .privateKey())
                .hasMessageContaining("openssl pkcs8");
        assertThatThrownBy(() -> file("x".repeat((1 << 20) + 1)).privateKey())
                .hasMessageContaining("no certificate has");
        assertThatThrownBy(() -> new PemFile(bench.path("none")).certificates())
                .isInstanceOf(DiskImageException.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void saysWhenKeyAndCertificateDoNotBelongTogether() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));

        assertThatThrownBy(() -> NbdTls.server(
                        new NbdTls.Identity(certificates.path("server-cert.pem"), certificates.path("client-key.pem")),
                        null))
                .isInstanceOf(DiskImageException.class);
    }
}
