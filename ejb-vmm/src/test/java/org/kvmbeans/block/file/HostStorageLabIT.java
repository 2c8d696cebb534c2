package org.kvmbeans.block.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** The recipes of docs/storage.md, each against a server in the lab itself. */
class HostStorageLabIT {
    private static final Undo PREPARED = new Undo();

    @BeforeAll
    static void prepare() throws IOException {
        PREPARED.orClose(() -> LabServers.prepare(PREPARED));
    }

    @AfterAll
    static void takeBack() throws IOException {
        PREPARED.close();
    }

    /** Images that are files of a directory that several hosts mount. */
    abstract static class SharedDirectory extends NetworkDiskRules {
        private static final String NAME = "disk.raw";

        private final String type;
        private final Path served;
        private @Nullable NetworkServer server;

        SharedDirectory(String type, String served) {
            this.type = type;
            this.served = Path.of(LabServers.SERVED, served);
        }

        abstract NetworkServer startServer() throws IOException;

        @BeforeAll
        void start() throws IOException {
            server = startServer();
        }

        @AfterAll
        void stop() throws IOException {
            if (server != null) {
                server.close();
            }
        }

        @BeforeEach
        void makeImage() throws IOException {
            try (RandomAccessFile file = new RandomAccessFile(disk().toFile(), "rw")) {
                file.setLength(16 * MIB);
            }
        }

        @AfterEach
        void removeImage() throws IOException {
            Files.delete(disk());
        }

        @Override
        Path disk() {
            return Path.of(LabServers.here(type), NAME);
        }

        @Override
        Path below() {
            return served.resolve(NAME);
        }

        @Override
        NetworkServer server() {
            return Objects.requireNonNull(server);
        }

        @Override
        void grow(DiskImage disk, long bytes) throws IOException {
            disk.resize(bytes);
        }

        private Path elsewhere() {
            return Path.of(LabServers.elsewhere(type), NAME);
        }

        @Test
        void anotherHostIsRefusedAndToldWhoHasIt() throws IOException {
            try (OtherProcess other = OtherProcess.lockingAsHost(LabServers.OTHER_HOST, elsewhere())) {
                for (Access access : Access.values()) {
                    assertThatThrownBy(() -> open(disk(), access).close())
                            .hasMessageContaining("it is in use by process " + other.pid()
                                    + " (python3) of host kvm2 since 2026-11-25T03:53:17Z, as a writer;")
                            .extracting(e -> ((DiskImageException) e).kind())
                            .isEqualTo(Kind.LOCKED);
                }
            }
            try (DiskImage disk = open();
                    OtherProcess other = OtherProcess.tryingToLock(elsewhere())) {
                assertThat(disk.readOnly()).isFalse();
                assertThat(other.line()).isEqualTo("refused");
            }
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Nfs extends SharedDirectory {
        Nfs() {
            super("nfs", "nfs");
        }

        @Override
        NetworkServer startServer() throws IOException {
            return new NfsServer();
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Smb extends SharedDirectory {
        Smb() {
            super("cifs", "smb");
        }

        @Override
        NetworkServer startServer() throws IOException {
            return new SmbServer();
        }
    }

    /** Images that are LUNs. */
    abstract static class Lun extends NetworkDiskRules {
        private final List<String> portals;
        private @Nullable IscsiServer server;

        Lun(String... portals) {
            this.portals = List.of(portals);
        }

        @BeforeAll
        void start() throws IOException {
            server = new IscsiServer(portals);
        }

        @AfterAll
        void stop() throws IOException {
            if (server != null) {
                server.close();
            }
        }

        @Override
        IscsiServer server() {
            return Objects.requireNonNull(server);
        }

        @Override
        Path disk() {
            return server().device();
        }

        @Override
        Path below() {
            return IscsiServer.BELOW;
        }

        /** A device has got its new size some moments after its host was told to look. */
        void awaitSize(long bytes) throws IOException {
            Await.until(
                    bytes + " bytes",
                    () -> Undo.sh("blockdev --getsize64 " + disk()).strip().equals(Long.toString(bytes)));
        }

        @Override
        void grow(DiskImage disk, long bytes) throws IOException {
            server().resize(bytes);
            awaitSize(bytes);
            disk.resize(bytes);
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Iscsi extends Lun {
        Iscsi() {
            super("10.99.0.1");
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class TwoPaths extends Lun {
        private static final int BLOCK = 4096;
        private static final int BLOCKS = 256;
        private static final int SOME = 50;

        private @Nullable Multipath multipath;

        TwoPaths() {
            super("10.99.0.1", "10.99.0.2");
        }

        @BeforeAll
        void startMultipath() throws IOException {
            multipath = new Multipath();
        }

        @Override
        @AfterAll
        void stop() throws IOException {
            try {
                if (multipath != null) {
                    multipath.close();
                }
            } finally {
                super.stop();
            }
        }

        private Multipath multipath() {
            return Objects.requireNonNull(multipath);
        }

        @Override
        Path disk() {
            return multipath().device();
        }

        @Override
        void grow(DiskImage disk, long bytes) throws IOException {
            server().resize(bytes);
            Await.until("the new size of both paths", () -> {
                multipath().resize();
                return Undo.sh("blockdev --getsize64 " + disk()).strip().equals(Long.toString(bytes));
            });
            disk.resize(bytes);
        }

        @Test
        void aPathIsLostUnderLoadWithoutAnError() throws Exception {
            AtomicInteger written = new AtomicInteger();
            AtomicBoolean enough = new AtomicBoolean();
            try (DiskImage disk = open()) {
                CompletableFuture<Void> load = CompletableFuture.runAsync(() -> {
                    try {
                        while (!enough.get()) {
                            int number = written.get();
                            write(disk, (long) BLOCK * (number % BLOCKS), pattern(BLOCK, number));
                            disk.flush();
                            written.incrementAndGet();
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                try {
                    awaitMore(written, load);
                    server().cut("10.99.0.2");
                    Await.until("one failed path", () -> multipath().paths("failed faulty") == 1);
                    awaitMore(written, load);
                    server().raise("10.99.0.2");
                    Await.until("two paths again", () -> multipath().paths("active ready") == 2);
                    awaitMore(written, load);
                } finally {
                    enough.set(true);
                }
                load.get(1, TimeUnit.MINUTES);
            }
            for (int number = Math.max(0, written.get() - BLOCKS); number < written.get(); number++) {
                assertThat(onTheServer((long) BLOCK * (number % BLOCKS), BLOCK)).isEqualTo(pattern(BLOCK, number));
            }
        }

        private static void awaitMore(AtomicInteger written, CompletableFuture<Void> load) throws IOException {
            int goal = written.get() + SOME;
            Await.until(goal + " writes", () -> {
                assertThat(load).isNotCompletedExceptionally();
                return written.get() >= goal;
            });
        }
    }
}
