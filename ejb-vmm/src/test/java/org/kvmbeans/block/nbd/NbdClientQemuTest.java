package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.IoVector;

/** Our client before QEMU's server. */
class NbdClientQemuTest {
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

    /** The address of a server that exports a file as "disk". */
    private String exported(Path file, String... arguments) throws IOException {
        String socket = bench.path("q" + file.getFileName()).toString();
        List<String> all = new ArrayList<>(List.of("--socket=" + socket, "--export-name=disk", "--format=raw"));
        all.addAll(List.of(arguments));
        all.add(file.toString());
        bench.qemuNbd(all.toArray(String[]::new));
        return "nbd+unix:///disk?socket=" + socket;
    }

    private static byte[] part(Path file, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "r")) {
            access.seek(offset);
            access.readFully(bytes);
        }
        return bytes;
    }

    @Test
    void readsAndWritesRequestsOfAnyShape() throws IOException {
        Path file = bench.file("a.raw", 80 * MIB);
        NbdStorage storage = bench.client(exported(file), NbdClientOptions.DEFAULT);
        assertThat(storage.sizeBytes()).isEqualTo(80 * MIB);
        byte[] expected = new byte[80 * MIB];
        for (int[] request :
                new int[][] {{0, 512}, {4096, 1}, {5001, 77777}, {MIB, 40 * MIB + 513}, {80 * MIB - 5, 5}}) {
            byte[] data = NbdBench.pattern(request[1], request[0]);
            System.arraycopy(data, 0, expected, request[0], request[1]);
            storage.write(request[0], bench.memory(data));
        }
        storage.flush();

        assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        assertThat(bench.read(storage, 0, 80 * MIB)).isEqualTo(expected);
        assertThat(bench.read(storage, 80 * MIB - 3, 10))
                .isEqualTo(Arrays.copyOf(Arrays.copyOfRange(expected, 80 * MIB - 3, 80 * MIB), 10));
    }

    @Test
    void readsIntoScatteredMemoryWithHolesInTheImage() throws IOException {
        Path file = bench.file("a.raw", 8 * MIB);
        NbdStorage storage = bench.client(exported(file), NbdClientOptions.DEFAULT);
        byte[] data = NbdBench.pattern(MIB, 1);
        storage.write(3 * MIB, bench.memory(data));
        IoVector scattered = new IoVector(bench.posix, 1);
        for (int i = 0; i < 3 * MIB / 5000 + 1; i++) {
            IoVector piece = bench.memory(NbdBench.pattern(5000, i));
            scattered.add(piece.segment(0), piece.segmentAddress(0), 0, Math.min(5000, 3 * MIB - i * 5000));
        }

        storage.read(2 * MIB, scattered);

        byte[] expected = new byte[3 * MIB];
        System.arraycopy(data, 0, expected, MIB, MIB);
        assertThat(NbdBench.contents(scattered)).isEqualTo(expected);
    }

    @Test
    void tellsHolesFromData() throws IOException {
        Path file = bench.file("a.raw", 3L << 30);
        NbdStorage storage = bench.client(exported(file), NbdClientOptions.DEFAULT);
        storage.write(MIB, bench.memory(NbdBench.pattern(MIB, 1)));

        assertThat(storage.extent(0, 3 * MIB)).isEqualTo(new Extent(0, MIB, Extent.Kind.ZERO, 0, -1));
        assertThat(storage.extent(MIB + 512, 3 * MIB))
                .isEqualTo(new Extent(MIB + 512, MIB - 512, Extent.Kind.DATA, 0, MIB + 512));
        assertThat(storage.extent(2 * MIB, 3L << 30).kind()).isEqualTo(Extent.Kind.ZERO);
        assertThat(storage.allocatedBytes()).isEqualTo(-1);
    }

    @Test
    void makesZeroesWithAndWithoutHoles() throws IOException {
        Path file = bench.file("a.raw", 16 * MIB);
        NbdStorage storage = bench.client(exported(file, "--discard=unmap"), NbdClientOptions.DEFAULT);
        storage.write(0, bench.memory(NbdBench.pattern(16 * MIB, 1)));

        storage.writeZeroes(MIB, MIB, true);
        storage.writeZeroes(3 * MIB, MIB, false);
        storage.discard(5 * MIB, MIB);
        boolean fast = storage.writeZeroesFast(7 * MIB, MIB);
        storage.flush();

        assertThat(bench.read(storage, MIB, MIB)).containsOnly(0);
        assertThat(bench.read(storage, 3 * MIB, MIB)).containsOnly(0);
        assertThat(storage.extent(MIB, MIB).kind()).isEqualTo(Extent.Kind.ZERO);
        assertThat(storage.extent(5 * MIB, MIB).kind()).isEqualTo(Extent.Kind.ZERO);
        assertThat(Arrays.equals(bench.read(storage, 7 * MIB, MIB), new byte[MIB]))
                .isEqualTo(fast);
        assertThat(part(file, 2 * MIB, MIB)).isEqualTo(bench.read(storage, 2 * MIB, MIB));
    }

    @Test
    void changesPartsOfTheBlocksOfAServerThatTakesWholeOnes() throws IOException {
        Path file = bench.file("a.raw", MIB);
        String socket = bench.path("s").toString();
        // QEMU's own sizes are those of the device: blkdebug makes one of 4096 bytes.
        bench.qemuNbd(
                "--socket=" + socket,
                "--export-name=disk",
                "--image-opts",
                "driver=blkdebug,align=4096,image.driver=file,image.filename=" + file);
        NbdStorage storage = bench.client("nbd+unix:///disk?socket=" + socket, NbdClientOptions.DEFAULT);
        assertThat(storage.geometry().blockBytes()).isEqualTo(4096);
        byte[] expected = new byte[MIB];
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            int offset = random.nextInt(MIB - 1);
            int length = 1 + random.nextInt(Math.min(20000, MIB - offset));
            if (i % 5 == 4) {
                storage.writeZeroes(offset, length, i % 2 == 0);
                Arrays.fill(expected, offset, offset + length, (byte) 0);
            } else {
                byte[] data = NbdBench.pattern(length, i);
                storage.write(offset, bench.memory(data));
                System.arraycopy(data, 0, expected, offset, length);
            }
            int at = random.nextInt(MIB - 5000);
            assertThat(bench.read(storage, at, 5000)).isEqualTo(Arrays.copyOfRange(expected, at, at + 5000));
        }
        storage.flush();

        assertThat(Files.readAllBytes(file)).isEqualTo(expected);
    }

    @Test
    void readsTheDirtyBitmapOfAnImage() throws IOException {
        Path file = bench.path("a.qcow2");
        NbdBench.succeed("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), "16M");
        NbdBench.succeed("qemu-img", "bitmap", "--add", "--enable", "-g", "65536", file.toString(), "b0");
        NbdBench.succeed("qemu-io", "-f", "qcow2", "-c", "write 1M 64k", file.toString());
        NbdBench.succeed("qemu-img", "bitmap", "--disable", file.toString(), "b0");
        String socket = bench.path("s").toString();
        bench.qemuNbd(
                "--socket=" + socket,
                "--export-name=disk",
                "--format=qcow2",
                "--bitmap=b0",
                "--read-only",
                file.toString());
        NbdUri uri = NbdUri.parse("nbd+unix:///disk?socket=" + socket);

        NbdStorage storage = bench.closing(
                NbdStorage.open(bench.posix, uri, NbdClientOptions.DEFAULT.withDirtyBitmap("b0"), NbdBench.READ));

        assertThat(storage.dirtyExtent(0, 16 * MIB)).isEqualTo(new DirtyExtent(0, MIB, false));
        assertThat(storage.dirtyExtent(MIB, MIB)).isEqualTo(new DirtyExtent(MIB, 65536, true));
        assertThat(storage.extent(0, MIB).kind()).isEqualTo(Extent.Kind.ZERO);
        assertThatThrownBy(() -> NbdStorage.open(
                        bench.posix, uri, NbdClientOptions.DEFAULT.withDirtyBitmap("b1"), NbdBench.READ))
                .hasMessageContaining("does not export a dirty bitmap 'b1'");
    }

    @Test
    void manyThreadsShareConnections() throws Exception {
        Path file = bench.file("a.raw", 32 * MIB);
        NbdStorage storage = bench.client(exported(file), NbdClientOptions.DEFAULT.withConnections(4));
        ExecutorService threads = bench.closing(new Threads(8)).pool;
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            int stripe = t;
            done.add(threads.submit(() -> {
                for (int i = 0; i < 100; i++) {
                    byte[] data = NbdBench.pattern(1 + i * 301, i * 8L + stripe);
                    long offset = stripe * 4L * MIB + i * 40000L;
                    storage.write(offset, bench.memory(data));
                    assertThat(bench.read(storage, offset, data.length)).isEqualTo(data);
                }
                storage.flush();
                return null;
            }));
        }
        for (Future<?> end : done) {
            end.get();
        }
        assertThat(storage.connectionCount()).isEqualTo(4);
    }

    private static final class Threads implements AutoCloseable {
        private final ExecutorService pool;

        Threads(int count) {
            pool = Executors.newFixedThreadPool(count);
        }

        @Override
        public void close() {
            pool.shutdownNow();
        }
    }

    @Test
    void interruptedThreadsDisturbNobody() throws IOException {
        NbdStorage storage = bench.client(exported(bench.file("a.raw", MIB)), NbdClientOptions.DEFAULT);
        Thread.currentThread().interrupt();

        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        storage.flush();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(bench.read(storage, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 1));
        assertThat(storage.reconnects()).isZero();
    }

    @Test
    void speaksTlsWithServerAndClientCertificates() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        Path file = bench.file("a.raw", 8 * MIB);
        int port = NbdBench.freePort();
        bench.qemuNbd(
                "--bind=127.0.0.1",
                "--port=" + port,
                "--export-name=disk",
                "--format=raw",
                "--object",
                certificates.qemuObject("server", "yes"),
                "--tls-creds=tls0",
                file.toString());
        NbdTls tls = NbdTls.client(certificates.authority(), certificates.client());
        NbdClientOptions options = NbdClientOptions.DEFAULT.withTls(tls);
        byte[] data = NbdBench.pattern(5 * MIB, 3);

        for (String host : List.of("localhost", "127.0.0.1")) {
            NbdStorage storage = bench.client("nbds://" + host + ":" + port + "/disk", options);
            storage.write(MIB, bench.memory(data));
            storage.flush();
            assertThat(bench.read(storage, MIB, 5 * MIB)).isEqualTo(data);
            assertThat(storage.extent(0, MIB).kind()).isEqualTo(Extent.Kind.ZERO);
            storage.close();
        }

        assertThat(part(file, MIB, 5 * MIB)).isEqualTo(data);
        refused("nbd://localhost:" + port + "/disk", NbdClientOptions.DEFAULT, Kind.DENIED, "nbds");
        refused(
                "nbds://localhost:" + port + "/disk",
                NbdClientOptions.DEFAULT,
                Kind.DENIED,
                "certificates to trust are needed");
        refused("nbds://localhost:" + port + "/disk?tls-hostname=other", options, Kind.DENIED, "other");
        NbdTls stranger = NbdTls.client(certificates.path("client-cert.pem"), null);
        refused("nbds://localhost:" + port + "/disk", NbdClientOptions.DEFAULT.withTls(stranger), Kind.DENIED, "TLS");
        NbdTls nameless = NbdTls.client(certificates.authority(), null);
        assertThatThrownBy(() ->
                        bench.client("nbds://localhost:" + port + "/disk", NbdClientOptions.DEFAULT.withTls(nameless)))
                .isInstanceOf(DiskImageException.class);
    }

    private void refused(String uri, NbdClientOptions options, Kind kind, String words) {
        assertThatThrownBy(() -> bench.client(uri, options))
                .isInstanceOfSatisfying(
                        DiskImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(words);
    }

    @Test
    void neverFallsBackToPlainWhereTlsIsAskedFor() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        String uri = exported(bench.file("a.raw", MIB)).replace("nbd+unix", "nbds+unix") + "&tls-hostname=localhost";

        refused(
                uri,
                NbdClientOptions.DEFAULT.withTls(NbdTls.client(certificates.authority(), null)),
                Kind.DENIED,
                "offers no TLS");
    }

    @Test
    void saysWhatIsWrongWithAnExport() throws IOException {
        String uri = exported(bench.file("a.raw", MIB), "--read-only");

        refused(uri, NbdClientOptions.DEFAULT, Kind.READ_ONLY, "readOnly true");
        refused(uri.replace("disk", "other"), NbdClientOptions.DEFAULT, Kind.NOT_FOUND, "no such export");
        refused(
                "nbd+unix:///x?socket=" + bench.path("none"),
                NbdClientOptions.DEFAULT,
                Kind.IO_ERROR,
                "cannot be reached");
    }

    @Test
    void asksForDurabilityOfEachWriteWhereTheCacheModeDoes() throws IOException {
        Path file = bench.file("a.raw", MIB);
        NbdStorage storage = bench.closing(NbdStorage.open(
                bench.posix,
                NbdUri.parse(exported(file)),
                NbdClientOptions.DEFAULT,
                new OpenOptions(Access.READ_WRITE, CacheMode.WRITETHROUGH)));

        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        storage.writeZeroes(8192, 4096, true);

        assertThat(part(file, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 1));
    }
}
