package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;

/** Connections that break, and servers that come back, with less than they had. */
class NbdReconnectTest {
    private static final int MIB = 1 << 20;
    private static final NbdClientOptions PATIENT = NbdClientOptions.DEFAULT;
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

    /**
     * A server whose writes lie in memory until they are flushed: each connection is a server started anew, which knows the
     * flushed contents alone.
     */
    private static final class ForgetfulServer {
        private final int breakAfterRequests;
        private final byte[] durable;
        private final int flags;
        private int flushes;
        private final AtomicInteger replayedWrites = new AtomicInteger();

        ForgetfulServer(int bytes, int flags, int breakAfterRequests) {
            this.breakAfterRequests = breakAfterRequests;
            this.flags = flags;
            durable = new byte[bytes];
        }

        void serve(DataInputStream in, DataOutputStream out, int connection) throws IOException {
            FakeServer.negotiate(in, out, durable.length, flags, false);
            byte[] cached = durable.clone();
            for (int i = 0; i < breakAfterRequests; i++) {
                FakeServer.Request request = FakeServer.request(in);
                int offset = (int) request.offset();
                switch (request.command()) {
                    case Nbd.CMD_READ -> {
                        FakeServer.simple(out, request.cookie(), 0);
                        out.write(cached, offset, request.length());
                    }
                    case Nbd.CMD_WRITE -> {
                        request.data().get(0, cached, offset, request.length());
                        replayedWrites.addAndGet(connection > 0 ? 1 : 0);
                        FakeServer.simple(out, request.cookie(), 0);
                    }
                    case Nbd.CMD_WRITE_ZEROES -> {
                        Arrays.fill(cached, offset, offset + request.length(), (byte) 0);
                        FakeServer.simple(out, request.cookie(), 0);
                    }
                    case Nbd.CMD_FLUSH -> {
                        flushes++;
                        System.arraycopy(cached, 0, durable, 0, durable.length);
                        FakeServer.simple(out, request.cookie(), 0);
                    }
                    default -> {
                        return;
                    }
                }
            }
        }
    }

    private static final int FLUSHES = Nbd.FLAG_SEND_FLUSH | Nbd.FLAG_SEND_WRITE_ZEROES;

    @Test
    void acknowledgedWritesOutliveAServerThatForgetsThem() throws IOException {
        ForgetfulServer server = new ForgetfulServer(MIB, FLUSHES, 300);
        FakeServer fake = bench.closing(new FakeServer(server::serve));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);
        byte[] expected = new byte[MIB];
        Random random = new Random(1);

        for (int i = 0; i < 2000; i++) {
            int length = 1 + random.nextInt(5000);
            int offset = random.nextInt(MIB - length);
            switch (random.nextInt(20)) {
                case 0 -> storage.flush();
                case 1 -> {
                    storage.writeZeroes(offset, length, true);
                    Arrays.fill(expected, offset, offset + length, (byte) 0);
                }
                case 2, 3 ->
                    assertThat(bench.read(storage, offset, length))
                            .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
                default -> {
                    byte[] data = NbdBench.pattern(length, i);
                    storage.write(offset, bench.memory(data));
                    System.arraycopy(data, 0, expected, offset, length);
                }
            }
        }
        storage.flush();

        assertThat(bench.read(storage, 0, MIB)).isEqualTo(expected);
        assertThat(server.durable).isEqualTo(expected);
        assertThat(storage.reconnects()).isGreaterThanOrEqualTo(5);
    }

    @Test
    void writesThatWereFlushedAreNotSentAgain() throws IOException {
        ForgetfulServer server = new ForgetfulServer(MIB, FLUSHES, 4);
        FakeServer fake = bench.closing(new FakeServer(server::serve));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);
        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        storage.write(4096, bench.memory(NbdBench.pattern(4096, 2)));
        storage.flush();
        storage.write(8192, bench.memory(NbdBench.pattern(4096, 3)));

        assertThat(bench.read(storage, 8192, 4096)).isEqualTo(NbdBench.pattern(4096, 3));

        assertThat(storage.reconnects()).isEqualTo(1);
        assertThat(server.replayedWrites).hasValue(1);
    }

    @Test
    void flushesByItselfBeforeItsMemoryOverflows() throws IOException {
        ForgetfulServer server = new ForgetfulServer(4 * MIB, FLUSHES, Integer.MAX_VALUE);
        FakeServer fake = bench.closing(new FakeServer(server::serve));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);

        for (int i = 0; i < 64; i++) {
            storage.write(MIB, bench.memory(NbdBench.pattern(3 * MIB, i)));
        }

        assertThat(server.flushes).isBetween(2, 4);
    }

    @Test
    void withoutMemoryToSendAgainLostWritesAreNoSecret() throws IOException {
        ForgetfulServer server = new ForgetfulServer(MIB, FLUSHES, 2);
        FakeServer fake = bench.closing(new FakeServer(server::serve));
        NbdStorage storage = bench.client(fake.uri(), PATIENT.withReplayBytes(0));
        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        storage.write(0, bench.memory(NbdBench.pattern(4096, 2)));

        assertThatThrownBy(storage::flush).hasMessageContaining("since the last flush may be lost");
        assertThatThrownBy(() -> bench.read(storage, 0, 512)).hasMessageContaining("may be lost");
    }

    @Test
    void withoutMemoryToSendAgainFlushedWritesAreSafe() throws IOException {
        ForgetfulServer server = new ForgetfulServer(MIB, FLUSHES, 2);
        FakeServer fake = bench.closing(new FakeServer(server::serve));
        NbdStorage storage = bench.client(fake.uri(), PATIENT.withReplayBytes(0));
        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        storage.flush();

        assertThat(bench.read(storage, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 1));
    }

    @Test
    void failsWhereTheServerRefusesToTakeAgainWhatItHadAcknowledged() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, Nbd.FLAG_SEND_FLUSH, false);
            FakeServer.simple(out, FakeServer.request(in).cookie(), connection == 0 ? 0 : NbdErrors.ENOSPC);
        }));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);
        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));

        assertThatThrownBy(storage::flush).hasMessageContaining("ENOSPC").hasMessageContaining("may be lost");
        assertThatThrownBy(() -> storage.write(0, bench.memory(512))).hasMessageContaining("may be lost");
    }

    @Test
    void requestsInFlightAreSentAgain() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, false);
            FakeServer.Request request = FakeServer.request(in);
            if (connection == 3) {
                FakeServer.simple(out, request.cookie(), 0);
                out.write(NbdBench.pattern(4096, 5));
                in.readInt();
            }
        }));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);

        assertThat(bench.read(storage, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 5));
        assertThat(storage.reconnects()).isEqualTo(3);
    }

    @Test
    void aServerThatShutsDownIsWaitedFor() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, false);
            FakeServer.Request request = FakeServer.request(in);
            FakeServer.simple(out, request.cookie(), connection == 0 ? NbdErrors.ESHUTDOWN : 0);
            out.write(connection == 0 ? new byte[0] : NbdBench.pattern(4096, 5));
            in.read();
        }));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);

        assertThat(bench.read(storage, 0, 4096)).isEqualTo(NbdBench.pattern(4096, 5));
    }

    @Test
    void failsAtOnceWhereItIsNotToWait() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, false);
            FakeServer.request(in);
        }));
        NbdStorage storage = bench.client(fake.uri(), AT_ONCE);

        assertThatThrownBy(() -> bench.read(storage, 0, 512))
                .isInstanceOf(DiskImageException.class)
                .hasMessageContaining("the connection broke");
        assertThat(fake.connections()).isEqualTo(1);
    }

    @Test
    void givesUpOnASilentServer() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, false);
            in.readNBytes(1 << 20);
        }));
        NbdStorage storage = bench.client(
                fake.uri(),
                NbdClientOptions.DEFAULT.withTimeouts(Duration.ofSeconds(10), Duration.ofMillis(50), Duration.ZERO));

        assertThatThrownBy(() -> bench.read(storage, 0, 512)).hasMessageContaining("no reply within PT0.05S");
    }

    @Test
    void givesUpOnAServerThatNeverGreets() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> in.read()));

        assertThatThrownBy(() -> bench.client(
                        fake.uri(), PATIENT.withTimeouts(Duration.ofMillis(50), Duration.ofSeconds(1), Duration.ZERO)))
                .hasMessageContaining("did not answer within PT0.05S");
    }

    @Test
    void closingEndsTheWaitForAServer() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        FakeServer fake = new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, MIB, 0, false);
            FakeServer.request(in);
            gone.countDown();
        });
        NbdStorage storage = bench.client(fake.uri(), PATIENT);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try {
                bench.read(storage, 0, 512);
            } catch (IOException e) {
                failure.set(e);
            }
        });
        reader.start();
        gone.await();
        fake.close();

        storage.close();
        reader.join();

        assertThat(failure.get()).isInstanceOf(DiskImageException.class);
    }

    @Test
    void noticesTheSizeThatAnExportHasAfterAReconnect() throws IOException {
        FakeServer fake = bench.closing(new FakeServer((in, out, connection) -> {
            FakeServer.negotiate(in, out, (1L + connection) * MIB, 0, false);
            FakeServer.Request request = FakeServer.request(in);
            if (connection > 0) {
                FakeServer.simple(out, request.cookie(), 0);
                out.write(new byte[request.length()]);
                in.read();
            }
        }));
        NbdStorage storage = bench.client(fake.uri(), PATIENT);
        assertThat(storage.sizeBytes()).isEqualTo(MIB);

        bench.read(storage, 0, 512);

        assertThat(storage.sizeBytes()).isEqualTo(2 * MIB);
    }

    /** By where the classes are: what runs the tests may have loaded them by means of its own. */
    private static String classPath() {
        return Stream.of(NbdServerMain.class, NbdServer.class, com.sun.jna.Native.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString()))
                        .toString())
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** A server of ours as a process of its own, at one UNIX socket for all its lives. */
    private Process startServer(Path image, Path socket) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        classPath(),
                        NbdServerMain.class.getName(),
                        image.toString(),
                        "unix:" + socket)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        assertThat(output.readLine()).startsWith("nbd+unix:");
        return process;
    }

    @Test
    void nothingIsLostWhenTheServerIsKilledInTheMidstOfWrites() throws Exception {
        Path file = bench.file("a.raw", 8 * MIB);
        Path socket = bench.path("s");
        Process first = startServer(file, socket);
        NbdStorage storage = bench.client("nbd+unix:///disk?socket=" + socket, PATIENT.withConnections(2));
        List<Thread> writers = new ArrayList<>();
        List<AtomicReference<Throwable>> failures = new ArrayList<>();
        CountDownLatch halfway = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            int stripe = t;
            AtomicReference<Throwable> failure = new AtomicReference<>();
            failures.add(failure);
            Thread writer = new Thread(() -> {
                try {
                    for (int i = 0; i < 512; i++) {
                        long block = stripe * 512L + i;
                        storage.write(block * 4096, bench.memory(NbdBench.pattern(4096, block)));
                        if (i % 100 == 99) {
                            storage.flush();
                        }
                        if (i == 256) {
                            halfway.countDown();
                        }
                    }
                    storage.flush();
                } catch (Throwable e) {
                    failure.set(e);
                    halfway.countDown();
                }
            });
            writers.add(writer);
            writer.start();
        }
        halfway.await();
        first.destroyForcibly().waitFor();
        Process second = startServer(file, socket);
        for (Thread writer : writers) {
            writer.join();
        }
        second.destroyForcibly().waitFor();

        assertThat(failures).allSatisfy(failure -> assertThat(failure.get()).isNull());
        ByteBuffer contents = ByteBuffer.wrap(Files.readAllBytes(file));
        for (int block = 0; block < 2048; block++) {
            byte[] bytes = new byte[4096];
            contents.get(bytes);
            assertThat(bytes).as("block " + block).isEqualTo(NbdBench.pattern(4096, block));
        }
    }

    @Test
    void resizeTakesTheSizeThatTheServerHas() throws IOException {
        Path file = bench.file("a.raw", MIB);
        NbdServer server = bench.server(NbdServerOptions.onLoopback());
        var image = bench.image(file, NbdBench.WRITE);
        server.export(new NbdExport("disk", image, Access.READ_WRITE));
        NbdStorage storage = bench.client(server.uri("disk"), PATIENT);
        storage.write(0, bench.memory(NbdBench.pattern(4096, 1)));
        image.resize(3 * MIB);

        assertThatThrownBy(() -> storage.resize(2 * MIB)).hasMessageContaining("has 3145728 bytes");
        storage.resize(3 * MIB);

        storage.write(2 * MIB, bench.memory(NbdBench.pattern(4096, 2)));
        assertThat(bench.read(storage, 2 * MIB, 4096)).isEqualTo(NbdBench.pattern(4096, 2));
        assertThat(storage.reconnects()).isZero();
        assertThatThrownBy(() -> storage.write(3 * MIB, bench.memory(512))).hasMessageContaining("cannot grow");
    }
}
