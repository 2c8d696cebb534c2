package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.raw.RawImage;

/** Our server before QEMU's clients. */
class NbdServerQemuTest {
    private static final int MIB = 1 << 20;

    private NbdBench bench;

    @BeforeEach
    void prepare() throws IOException {
        bench = new NbdBench();
    }

    @AfterEach
    void cleanUp() throws Exception {
        bench.close();
    }

    private NbdServerOptions options(String transport) {
        return transport.equals("unix")
                ? NbdServerOptions.at(new NbdAddress.Unix(bench.path("s").toString()))
                : NbdServerOptions.onLoopback();
    }

    private NbdServer serve(NbdServerOptions options, Path file, Access access) throws IOException {
        RawImage image = bench.image(file, access == Access.READ_WRITE ? NbdBench.WRITE : NbdBench.READ);
        NbdServer server = bench.server(options);
        server.export(new NbdExport("disk", image, access));
        return server;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void qemuIoReadsWhatItWrote(String transport) throws IOException {
        NbdServer server = serve(options(transport), bench.file("a.raw", 64 * MIB), Access.READ_WRITE);

        String output = NbdBench.succeed(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 0x55 1M 40M",
                "-c",
                "write -P 0x66 50M 4k",
                "-c",
                "write -f -P 0x77 51M 64k",
                "-c",
                "write -z 2M 512k",
                "-c",
                "write -z -u 3M 512k",
                "-c",
                "discard 4M 64k",
                "-c",
                "flush",
                "-c",
                "read -P 0x55 1M 1M",
                "-c",
                "read -P 0 2M 512k",
                "-c",
                "read -P 0 3M 512k",
                "-c",
                "read -P 0x55 5M 36M",
                "-c",
                "read -P 0x66 50M 4k",
                "-c",
                "read -P 0x77 51M 64k",
                server.uri("disk").toString());

        assertThat(output).doesNotContain("failed").doesNotContain("error");
        assertThat(server.statistics("disk").bytesWritten()).isEqualTo(40L * MIB + 4096 + 65536);
        assertThat(server.statistics("disk").failedRequests()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void qemuImgConvertsInBothDirections(String transport) throws IOException {
        Path source = bench.file("source.raw", 32 * MIB);
        NbdBench.succeed(
                "qemu-io", "-f", "raw", "-c", "write -P 1 0 3M", "-c", "write -P 2 20M 5000k", source.toString());
        NbdServer server = serve(options(transport), bench.file("a.raw", 32 * MIB), Access.READ_WRITE);
        String uri = server.uri("disk").toString();

        NbdBench.succeed("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source.toString(), uri);
        NbdBench.succeed("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), uri);
        String back = bench.path("back.qcow2").toString();
        NbdBench.succeed("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, back);
        NbdBench.succeed("qemu-img", "compare", "-f", "raw", "-F", "qcow2", source.toString(), back);

        assertThat(NbdBench.run("qemu-img", "info", uri).output()).contains("32 MiB (33554432 bytes)");
    }

    @Test
    void qemuImgMapsHolesAsTheFileHasThem() throws IOException {
        Path file = bench.file("a.raw", 64 * MIB);
        NbdBench.succeed("qemu-io", "-f", "raw", "-c", "write -P 1 8M 1M", "-c", "write -P 2 32M 64k", file.toString());
        String expected = NbdBench.succeed("qemu-img", "map", "-f", "raw", "--output=json", file.toString());
        NbdServer server = serve(options("tcp"), file, Access.READ_ONLY);

        String map = NbdBench.succeed(
                "qemu-img",
                "map",
                "-f",
                "raw",
                "--output=json",
                server.uri("disk").toString());

        assertThat(map).isEqualTo(expected);
    }

    @Test
    void refusesWritesToWhatIsExportedToBeRead() throws IOException {
        Path file = bench.file("a.raw", MIB);
        NbdServer server = serve(options("tcp"), file, Access.READ_ONLY);

        NbdBench.Ended ended = NbdBench.run(
                "qemu-io", "-f", "raw", "-c", "write 0 4k", server.uri("disk").toString());

        assertThat(ended.status()).isNotZero();
        assertThat(ended.output()).contains("Permission denied");
        assertThat(Files.readAllBytes(file)).containsOnly(0);
    }

    @Test
    void listsItsExports() throws IOException {
        NbdServer server = serve(options("tcp"), bench.file("a.raw", MIB), Access.READ_ONLY);
        RawImage other = bench.image(bench.file("b.raw", 2 * MIB), NbdBench.READ);
        server.export(new NbdExport("second", "of the backup", other, Access.READ_ONLY, Set.of()));

        String list = NbdBench.succeed("qemu-nbd", "--list", "--bind=127.0.0.1", "--port=" + port(server));

        assertThat(list)
                .contains("exports available: 2", "export: 'disk'", "export: 'second'", "description: of the backup")
                .contains("size:  2097152", "min block: 512", "max block: 33554432", "base:allocation")
                .contains("( readonly flush df multi )");
    }

    private static int port(NbdServer server) {
        return ((NbdAddress.Tcp) server.address()).port();
    }

    private static String imageOptions(NbdServer server, String host) {
        return "driver=nbd,host=" + host + ",port=" + port(server) + ",export=disk,tls-creds=tls0";
    }

    @Test
    void servesInsideTlsAndNowhereElse() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        NbdTls tls = NbdTls.server(certificates.server(), null);
        NbdServer server = serve(options("tcp").withTls(tls), bench.file("a.raw", 8 * MIB), Access.READ_WRITE);

        String output = NbdBench.succeed(
                "qemu-io",
                "--object",
                certificates.qemuObject("client", "yes"),
                "--image-opts",
                "-c",
                "write -P 7 1M 3M",
                "-c",
                "write -P 8 5M 4k",
                "-c",
                "flush",
                "-c",
                "read -P 7 1M 3M",
                "-c",
                "read -P 8 5M 4k",
                imageOptions(server, "localhost"));
        NbdBench.Ended inTheClear =
                NbdBench.run("qemu-io", "-f", "raw", "-c", "read 0 4k", "nbd://127.0.0.1:" + port(server) + "/disk");

        assertThat(output).doesNotContain("failed");
        assertThat(inTheClear.status()).isNotZero();
        assertThat(inTheClear.output()).contains("TLS");
    }

    @Test
    void letsInClientsWithACertificateAlone() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        NbdTls tls = NbdTls.server(certificates.server(), certificates.authority());
        NbdServer server = bench.server(options("tcp").withTls(tls));
        RawImage image = bench.image(bench.file("a.raw", MIB), NbdBench.WRITE);
        server.export(new NbdExport("disk", "", image, Access.READ_WRITE, Set.of(TestCertificates.CLIENT_NAME)));
        server.export(new NbdExport("other", "", image, Access.READ_WRITE, Set.of("CN=somebody")));
        Files.delete(certificates.path("server-key.pem"));

        NbdBench.succeed(
                "qemu-io",
                "--object",
                certificates.qemuObject("client", "yes"),
                "--image-opts",
                "-c",
                "write -P 7 0 64k",
                imageOptions(server, "localhost"));
        NbdBench.Ended notAllowed = NbdBench.run(
                "qemu-io",
                "--object",
                certificates.qemuObject("client", "yes"),
                "--image-opts",
                "-c",
                "read 0 64k",
                imageOptions(server, "localhost").replace("export=disk", "export=other"));
        Files.delete(certificates.path("client-cert.pem"));
        Files.delete(certificates.path("client-key.pem"));
        NbdBench.Ended nameless = NbdBench.run(
                "qemu-io",
                "--object",
                certificates.qemuObject("client", "yes"),
                "--image-opts",
                "-c",
                "read 0 64k",
                imageOptions(server, "localhost"));

        assertThat(notAllowed.status()).isNotZero();
        assertThat(notAllowed.output()).contains("not available");
        assertThat(nameless.status()).isNotZero();
        assertThat(server.statistics().clientsTotal()).isEqualTo(1);
    }
}
