package org.kvmbeans.block.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.jna.JnaPosix;

/** What a raw disk on network storage does in the cache mode that docs/storage.md recommends, whatever the protocol. */
abstract class NetworkDiskRules {
    static final int MIB = 1 << 20;
    private static final int PAGE = 4096;
    private static final long AWAY_MILLIS = 500;
    private static final long BACK_SECONDS = 60;

    final JnaPosix posix = new JnaPosix();

    /** The disk, as a definition names it. */
    abstract Path disk();

    /** The same bytes on the server. */
    abstract Path below();

    abstract NetworkServer server();

    /** Makes the disk larger, on the server where that is the place. */
    abstract void grow(DiskImage disk, long bytes) throws IOException;

    DiskImage open(Path path, Access access) throws IOException {
        return DiskImages.open(posix, path.toString(), DiskFormat.RAW, new OpenOptions(access, CacheMode.NONE));
    }

    DiskImage open() throws IOException {
        return open(disk(), Access.READ_WRITE);
    }

    IoVector memory(int length) {
        NativeStruct memory = new NativeStruct(posix, length + PAGE);
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), (int) (-memory.address() & (PAGE - 1)), length);
        return vector;
    }

    byte[] read(DiskImage disk, long offset, int length) throws IOException {
        IoVector target = memory(length);
        disk.read(offset, target);
        byte[] bytes = new byte[length];
        target.copyTo(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    void write(DiskImage disk, long offset, byte[] contents) throws IOException {
        IoVector source = memory(contents.length);
        source.copyFrom(0, ByteBuffer.wrap(contents));
        disk.write(offset, source);
    }

    byte[] onTheServer(long offset, int length) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(below().toFile(), "r")) {
            byte[] bytes = new byte[length];
            file.seek(offset);
            file.readFully(bytes);
            return bytes;
        }
    }

    private long blocksOnTheServer() throws IOException {
        return Long.parseLong(Undo.sh("stat --format %b " + below()).strip());
    }

    static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + seed + (i >> 9));
        }
        return bytes;
    }

    @Test
    void whatWasFlushedIsOnTheServer() throws IOException {
        byte[] large = pattern(2 * MIB, 1);
        byte[] small = pattern(512, 2);
        try (DiskImage disk = open()) {
            write(disk, MIB, large);
            write(disk, 512, small);
            disk.flush();
            assertThat(onTheServer(MIB, large.length)).isEqualTo(large);
            assertThat(onTheServer(512, small.length)).isEqualTo(small);
            assertThat(read(disk, MIB, large.length)).isEqualTo(large);
            assertThat(read(disk, 512, small.length)).isEqualTo(small);
        }
    }

    @Test
    void theSecondWriterIsRefused() throws IOException {
        try (DiskImage first = open()) {
            assertThat(first.readOnly()).isFalse();
            for (Access access : Access.values()) {
                assertThatThrownBy(() -> open(disk(), access).close())
                        .hasMessageContaining("it is in use by another disk of this process")
                        .hasMessageContaining(", as a writer;")
                        .extracting(e -> ((DiskImageException) e).kind())
                        .isEqualTo(Kind.LOCKED);
            }
        }
        try (DiskImage first = open(disk(), Access.READ_ONLY);
                DiskImage second = open(disk(), Access.READ_ONLY)) {
            assertThat(read(first, 0, PAGE)).isEqualTo(read(second, 0, PAGE));
        }
        open().close();
    }

    @Test
    void growsInUse() throws IOException {
        try (DiskImage disk = open()) {
            long before = disk.sizeBytes();
            grow(disk, before + 16 * MIB);
            assertThat(disk.sizeBytes()).isEqualTo(before + 16 * MIB);
            assertThat(read(disk, before, MIB)).containsOnly(0);
            write(disk, before, pattern(MIB, 3));
            disk.flush();
            assertThat(onTheServer(before, MIB)).isEqualTo(pattern(MIB, 3));
        }
    }

    @Test
    void givesBackWhatIsDiscarded() throws IOException {
        try (DiskImage disk = open()) {
            write(disk, 0, pattern(8 * MIB, 4));
            disk.flush();
            long before = blocksOnTheServer();
            disk.discard(MIB, 4 * MIB);
            disk.writeZeroes(6 * MIB, MIB, true);
            disk.flush();
            assertThat(blocksOnTheServer()).isLessThanOrEqualTo(before - 4 * MIB / 512);
            assertThat(read(disk, MIB, 4 * MIB)).containsOnly(0);
            assertThat(read(disk, 6 * MIB, MIB)).containsOnly(0);
            assertThat(read(disk, 5 * MIB, MIB)).isNotEqualTo(new byte[MIB]);
        }
    }

    @Test
    void waitsWhileTheServerIsAway() throws Exception {
        byte[] contents = pattern(64 << 10, 5);
        try (DiskImage disk = open()) {
            write(disk, 0, pattern(PAGE, 6));
            server().stop();
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                try {
                    write(disk, MIB, contents);
                    disk.flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try {
                assertThatThrownBy(() -> written.get(AWAY_MILLIS, TimeUnit.MILLISECONDS))
                        .isInstanceOf(TimeoutException.class);
            } finally {
                server().start();
                awaitEnd(written);
            }
            assertThat(onTheServer(MIB, contents.length)).isEqualTo(contents);
            assertThatThrownBy(this::open).isInstanceOf(DiskImageException.class);
        }
    }

    private static void awaitEnd(CompletableFuture<Void> done) throws InterruptedException, TimeoutException {
        try {
            done.get(BACK_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the request failed", e.getCause());
        }
    }
}
