package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kvmbeans.block.testing.QemuTool;

class Qcow2CompressionTest {
    private static final int SIZE = (9 << 20) + 512 * 3;

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    static Stream<Arguments> images() {
        return Stream.of(
                        "cluster_size=512",
                        "cluster_size=4096",
                        "cluster_size=65536",
                        "cluster_size=2M",
                        "cluster_size=65536,extended_l2=on",
                        "cluster_size=4096,refcount_bits=1",
                        "cluster_size=4096,refcount_bits=2")
                .flatMap(options -> Stream.of(
                        Arguments.of(options + ",compression_type=zlib"),
                        Arguments.of(options + ",compression_type=zstd")));
    }

    @ParameterizedTest
    @MethodSource("images")
    void qemuReadsWhatIsCompressedHere(String options) throws IOException {
        Path path = create(options);
        byte[] contents = halfRandom();
        writeAll(path, contents);
        compare(path, contents);
        // Refcounts of one bit leave no cluster to two of them.
        assertThat(options.contains("refcount_bits=1,") ? 0 : Files.size(path))
                .isLessThan(SIZE * 9L / 10 + 7L * clusterBytes(path));
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsWhatQemuCompresses(String options) throws IOException {
        byte[] contents = halfRandom();
        Path raw = directory.resolve("source.raw");
        Files.write(raw, contents);
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("convert", "-q", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw.toString(), path.toString());
        try (Qcow2Image image = EngineDisk.openToRead(path)) {
            assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(contents);
            assertThat(EngineDisk.read(image, 70_000 / 512 * 512, 1024))
                    .isEqualTo(Arrays.copyOfRange(contents, 70_000 / 512 * 512, 70_000 / 512 * 512 + 1024));
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void clustersThatAreWrittenAgainGiveTheirRoomBack(String options) throws IOException {
        Path path = create(options);
        byte[] contents = halfRandom();
        writeAll(path, contents);
        Random random = new Random(5);
        try (Qcow2Image image = EngineDisk.open(path)) {
            for (int i = 0; i < 300; i++) {
                int offset = random.nextInt(SIZE / 512 - 64) * 512;
                byte[] part = new byte[512 * (1 + random.nextInt(60))];
                random.nextBytes(part);
                EngineDisk.write(image, offset, part);
                System.arraycopy(part, 0, contents, offset, part.length);
                if (i % 50 == 0) {
                    image.flush();
                    int cluster = random.nextInt(SIZE / image.clusterBytes()) * image.clusterBytes();
                    byte[] whole = new byte[image.clusterBytes()];
                    Arrays.fill(whole, (byte) i);
                    image.writeCompressed(cluster, EngineDisk.memory(whole));
                    System.arraycopy(whole, 0, contents, cluster, whole.length);
                    image.writeZeroes(offset, part.length, true);
                    Arrays.fill(contents, offset, offset + part.length, (byte) 0);
                }
            }
            assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(contents);
        }
        compare(path, contents);
    }

    private static int clusterBytes(Path path) throws IOException {
        return TestImages.header(path).layout().clusterBytes();
    }

    private Path create(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(SIZE));
        return path;
    }

    private static void writeAll(Path path, byte[] contents) throws IOException {
        try (Qcow2Image image = EngineDisk.open(path)) {
            int cluster = image.clusterBytes();
            for (int at = 0; at < SIZE; at += cluster) {
                image.writeCompressed(
                        at, EngineDisk.memory(Arrays.copyOfRange(contents, at, Math.min(SIZE, at + cluster))));
            }
        }
    }

    /** Long repeats at distances beyond 4 KiB, noise, zeros: what compressors do most with. */
    private static byte[] halfRandom() {
        byte[] contents = new byte[SIZE];
        Random random = new Random(3);
        byte[] noise = new byte[30_000];
        random.nextBytes(noise);
        for (int at = 0; at < SIZE - noise.length; at += noise.length) {
            if (random.nextInt(3) > 0) {
                System.arraycopy(noise, 0, contents, at, noise.length);
            }
            if (random.nextInt(6) == 0) {
                random.nextBytes(noise);
            }
        }
        for (int at = 0; at < SIZE; at += 1 + random.nextInt(900)) {
            contents[at] = (byte) at;
        }
        return contents;
    }

    private void compare(Path path, byte[] contents) throws IOException {
        Path raw = directory.resolve("model.raw");
        Files.write(raw, contents);
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        QemuTool.img("compare", "-q", "-f", "qcow2", "-F", "raw", path.toString(), raw.toString());
    }
}
