package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.IoVector;

/** Our server's own rules, before our client and before clients that break them. */
class NbdServerTest {
    private static final int MIB = 1 << 20;
    private static final NbdClientOptions AT_ONCE =
            NbdClientOptions.DEFAULT.withTimeouts(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ZERO);

    private NbdBench bench;

    @BeforeEach
    void prepare() throws IOException {
        bench = new NbdBench();
    }

    @AfterEach
    void cleanUp() throws Exception {
        bench.close();
    }

    private NbdServer serve(NbdServerOptions options, DiskImage image) throws IOException {
        NbdServer server = bench.server(options);
        server.export(new NbdExport("disk", image, Access.READ_WRITE));
        return server;
    }

    /** A client that says what a test wants it to. */
    private Socket connect(NbdServer server) throws IOException {
        NbdAddress.Tcp address = (NbdAddress.Tcp) server.address();
        Socket socket = bench.closing(new Socket(address.host(), address.port()));
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Greets and chooses the export the old way. */
    private static void choose(DataInputStream in, DataOutputStream out) throws IOException {
        in.readNBytes(18);
        out.writeInt(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES);
        out.writeLong(Nbd.OPTION_MAGIC);
        out.writeInt(Nbd.OPT_EXPORT_NAME);
        out.writeInt(4);
        out.writeBytes("disk");
        in.readNBytes(10);
    }

    private static void request(DataOutputStream out, int command, int flags, long offset, int length)
            throws IOException {
        out.writeInt(Nbd.REQUEST_MAGIC);
        out.writeShort(flags);
        out.writeShort(command);
        out.writeLong(77);
        out.writeLong(offset);
        out.writeInt(length);
    }

    private static int error(DataInputStream in) throws IOException {
        assertThat(in.readInt()).isEqualTo(Nbd.SIMPLE_REPLY_MAGIC);
        int error = in.readInt();
        assertThat(in.readLong()).isEqualTo(77);
        return error;
    }

    @Test
    void ourClientReadsAndWritesOverManyConnectionsInsideTls() throws IOException {
        TestCertificates certificates = new TestCertificates(bench.path("pki"));
        RawImage image = bench.image(bench.file("a.raw", 64 * MIB), NbdBench.WRITE);
        NbdServer server = bench.server(
                NbdServerOptions.onLoopback().withTls(NbdTls.server(certificates.server(), certificates.authority())));
        server.export(new NbdExport("disk", "", image, Access.READ_WRITE, Set.of(TestCertificates.CLIENT_NAME)));
        NbdStorage storage = bench.client(
                server.uri("disk"),
                NbdClientOptions.DEFAULT
                        .withConnections(3)
                        .withTls(NbdTls.client(certificates.authority(), certificates.client())));
        byte[] data = NbdBench.pattern(40 * MIB, 1);

        storage.write(4096, bench.memory(data));
        storage.writeZeroes(MIB, 5 * MIB, true);
        storage.flush();
        Arrays.fill(data, MIB - 4096, 6 * MIB - 4096, (byte) 0);

        assertThat(bench.read(storage, 4096, 40 * MIB)).isEqualTo(data);
        assertThat(server.clients()).hasSize(3).allSatisfy(client -> {
            assertThat(client.certificateName()).isEqualTo(TestCertificates.CLIENT_NAME);
            assertThat(client.export()).isEqualTo("disk");
            assertThat(client.address()).startsWith("127.0.0.1:");
        });
    }

    @Test
    void anImageOnAnExportIsADiskOfItsOwn() throws IOException {
        NbdServer server = serve(
                NbdServerOptions.at(new NbdAddress.Unix(bench.path("s").toString())),
                new CheckedDisk(MIB + 512, false));
        RawImage image = bench.closing(RawImage.ofExport(bench.client(server.uri("disk"), AT_ONCE)));

        image.write(MIB, bench.memory(NbdBench.pattern(512, 1)));
        image.discard(0, MIB);
        image.writeZeroes(0, 512, true);
        image.flush();
        IoVector target = bench.memory(512);
        image.read(MIB, target);

        assertThat(NbdBench.contents(target)).isEqualTo(NbdBench.pattern(512, 1));
        assertThat(image.sizeBytes()).isEqualTo(MIB + 512);
        assertThat(image.geometry().blockBytes()).isEqualTo(512);
        assertThat(image.extent(0, MIB + 512).bytes()).isEqualTo(MIB);
        assertThatThrownBy(() -> image.read(100, target)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> image.read(MIB + 512, target)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesWhatLiesOutsideTheExportAndGoesOn() throws IOException {
        NbdServer server = serve(NbdServerOptions.onLoopback(), new CheckedDisk(MIB, false));
        Socket socket = connect(server);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        choose(in, out);

        request(out, Nbd.CMD_READ, 0, MIB - 512, 1024);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_READ, 0, -512, 1024);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_READ, 0, 1, 512);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_READ, 0, 0, 0);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_TRIM, 0, 0, -512);
        assertThat(error(in)).isEqualTo(NbdErrors.ENOSPC);
        request(out, Nbd.CMD_WRITE, 0, MIB, 512);
        out.write(new byte[512]);
        assertThat(error(in)).isEqualTo(NbdErrors.ENOSPC);
        request(out, Nbd.CMD_WRITE, 0x80, 0, 512);
        out.write(new byte[512]);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, 99, 0, 0, 512);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_BLOCK_STATUS, 0, 0, 512);
        assertThat(error(in)).isEqualTo(NbdErrors.EINVAL);
        request(out, Nbd.CMD_READ, 0, 0, 512);
        assertThat(error(in)).isZero();
        assertThat(in.readNBytes(512)).containsOnly(0);
        assertThat(server.statistics("disk").failedRequests()).isEqualTo(9);
    }

    @Test
    void dropsAClientWhoseWriteIsLongerThanAnyMayBe() throws IOException {
        NbdServer server = serve(NbdServerOptions.onLoopback(), new CheckedDisk(64 * MIB, false));
        Socket socket = connect(server);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        choose(in, new DataOutputStream(socket.getOutputStream()));

        request(new DataOutputStream(socket.getOutputStream()), Nbd.CMD_WRITE, 0, 0, 33 * MIB);

        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void dropsAClientThatSaysNothing() throws IOException {
        NbdServer server = serve(
                NbdServerOptions.onLoopback().withTimeouts(Duration.ofMillis(50), Duration.ofSeconds(60)),
                new CheckedDisk(MIB, false));
        DataInputStream in = new DataInputStream(connect(server).getInputStream());
        in.readNBytes(18);

        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void dropsAClientThatLeavesAWriteHalfSent() throws IOException {
        NbdServer server = serve(
                NbdServerOptions.onLoopback().withTimeouts(Duration.ofSeconds(60), Duration.ofMillis(50)),
                new CheckedDisk(MIB, false));
        Socket socket = connect(server);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        choose(in, out);

        request(out, Nbd.CMD_WRITE, 0, 0, 4096);
        out.write(new byte[100]);

        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void dropsAClientThatDoesNotReadItsReplies() throws Exception {
        NbdServer server = serve(
                NbdServerOptions.onLoopback().withTimeouts(Duration.ofSeconds(60), Duration.ofMillis(50)),
                new CheckedDisk(32 * MIB, false));
        Socket socket = connect(server);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        choose(new DataInputStream(socket.getInputStream()), out);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 1_000_000; i++) {
                        request(out, Nbd.CMD_READ, 0, 0, 32 * MIB);
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void dropsAClientWithOptionsWithoutEnd() throws IOException {
        NbdServer server = serve(NbdServerOptions.onLoopback(), new CheckedDisk(MIB, false));
        Socket socket = connect(server);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        in.readNBytes(18);
        out.writeInt(Nbd.FLAG_FIXED_NEWSTYLE);
        int answers = 0;
        try {
            for (int reply = 0; reply != -1 && answers < 1000; answers++) {
                out.writeLong(Nbd.OPTION_MAGIC);
                out.writeInt(12345);
                out.writeInt(0);
                reply = in.readNBytes(20).length == 20 ? 0 : -1;
            }
        } catch (IOException e) {
            // It may end before all of the last option was sent.
            assertThat(answers).isPositive();
        }

        assertThat(answers).isLessThan(300);
    }

    @Test
    void refusesClientsBeyondItsBound() throws IOException {
        NbdServer server = serve(NbdServerOptions.onLoopback().withMaxClients(1), new CheckedDisk(MIB, false));
        NbdStorage first = bench.client(server.uri("disk"), AT_ONCE);

        assertThatThrownBy(() -> bench.client(server.uri("disk"), AT_ONCE)).hasMessageContaining("cannot be reached");

        assertThat(server.refusedClients()).isEqualTo(1);
        assertThat(bench.read(first, 0, 512)).containsOnly(0);
    }

    @Test
    void clientsMakeDoWithTheConnectionsThatTheServerBears() throws IOException {
        NbdServer server = serve(NbdServerOptions.onLoopback().withMaxClients(2), new CheckedDisk(MIB, false));
        NbdStorage storage = bench.client(server.uri("disk"), AT_ONCE.withConnections(4));

        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));

        assertThat(storage.connectionCount()).isEqualTo(2);
        assertThat(bench.read(storage, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 1));
    }

    /** A disk whose writes wait for the test. */
    private static final class GatedDisk implements AutoCloseable {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch gate = new CountDownLatch(1);
        private final CheckedDisk disk = new CheckedDisk(MIB, false);
        private volatile boolean inUse;
        private volatile boolean closed;

        DiskImage image() {
            return (DiskImage) java.lang.reflect.Proxy.newProxyInstance(
                    DiskImage.class.getClassLoader(), new Class<?>[] {DiskImage.class}, (proxy, method, arguments) -> {
                        assertThat(closed).isFalse();
                        if (method.getName().equals("writeAtOnce")) {
                            return false;
                        }
                        if (method.getName().equals("write")) {
                            inUse = true;
                            begun.countDown();
                            gate.await();
                            Object result = method.invoke(disk, arguments);
                            assertThat(closed).isFalse();
                            inUse = false;
                            return result;
                        }
                        return method.invoke(disk, arguments);
                    });
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void stoppingAnswersWhatIsInProgressBeforeTheImageMayBeClosed() throws Exception {
        GatedDisk gated = new GatedDisk();
        NbdServer server = serve(NbdServerOptions.onLoopback(), gated.image());
        NbdStorage storage = bench.client(server.uri("disk"), AT_ONCE);
        Thread stopper = new Thread(() -> {
            server.stop();
            gated.close();
        });
        Thread opener = new Thread(() -> {
            awaitWithoutInterrupts(gated.begun);
            stopper.start();
            while (stopper.isAlive() && stopper.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            gated.gate.countDown();
        });
        opener.start();

        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));

        opener.join();
        stopper.join();
        assertThat(gated.inUse).isFalse();
        assertThatThrownBy(() -> bench.read(storage, 0, 512)).isInstanceOf(IOException.class);
    }

    private static void awaitWithoutInterrupts(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aClientThatGoesInTheMidstOfAWriteDoesNotLetTheImageBeClosedUnderIt() throws Exception {
        GatedDisk gated = new GatedDisk();
        NbdServer server = serve(NbdServerOptions.onLoopback(), gated.image());
        Socket socket = connect(server);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        choose(new DataInputStream(socket.getInputStream()), out);
        request(out, Nbd.CMD_WRITE, 0, 0, 4096);
        out.write(new byte[4096]);
        gated.begun.await();
        socket.close();
        Thread unexporter = new Thread(() -> {
            server.unexport("disk");
            gated.close();
        });
        unexporter.start();
        while (unexporter.isAlive() && unexporter.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }

        assertThat(gated.closed).isFalse();
        gated.gate.countDown();
        unexporter.join();

        assertThat(gated.inUse).isFalse();
        assertThat(server.exportNames()).isEmpty();
        assertThat(server.statistics().clientsTotal()).isEqualTo(1);
    }

    @Test
    void aSocketThatAKilledServerLeftIsReplacedAndALivingOneIsNot() throws IOException {
        Path socket = bench.path("s");
        NbdServerOptions options = NbdServerOptions.at(new NbdAddress.Unix(socket.toString()));
        try (var left = new NbdAddress.Unix(socket.toString()).listen(1)) {
            assertThat(left.isOpen()).isTrue();
        }
        assertThat(Files.exists(socket)).isTrue();

        NbdServer server = bench.server(options);

        assertThat(Files.getPosixFilePermissions(socket)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> bench.server(options)).hasMessageContaining("another server listens there");
        server.stop();
        assertThat(Files.exists(socket)).isFalse();
        Files.writeString(socket, "a file of somebody's");
        assertThatThrownBy(() -> bench.server(options)).isInstanceOf(IOException.class);
        assertThat(socket).hasContent("a file of somebody's");
    }

    @Test
    void refusesToExportForWritingWhatWasOpenedToRead() {
        CheckedDisk disk = new CheckedDisk(MIB, true);

        assertThatThrownBy(() -> new NbdExport("disk", disk, Access.READ_WRITE)).hasMessageContaining("opened to read");
    }
}
