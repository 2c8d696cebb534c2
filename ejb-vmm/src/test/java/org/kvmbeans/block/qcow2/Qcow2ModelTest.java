package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.testing.QemuTool;

/** Random requests to an image and to an array of bytes, which must agree; and QEMU must agree with both. */
class Qcow2ModelTest {
    private static final int SECTOR = 512;
    private static final int STEPS = Integer.getInteger("kvmbeans.model.steps", 1500);

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=65536",
                "cluster_size=512",
                "cluster_size=512,refcount_bits=64",
                "cluster_size=4096,refcount_bits=1",
                "cluster_size=4096,refcount_bits=2",
                "cluster_size=1024,refcount_bits=4",
                "cluster_size=2048,refcount_bits=8",
                "cluster_size=8192,refcount_bits=32",
                "cluster_size=2M",
                "cluster_size=4096,compat=0.10",
                "cluster_size=65536,compat=0.10",
                "cluster_size=16384,extended_l2=on",
                "cluster_size=65536,extended_l2=on",
                "cluster_size=4096,lazy_refcounts=on",
                "cluster_size=65536,preallocation=metadata",
            })
    void agreesWithAnArrayOfBytes(String imageOptions) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        int size = 5 * (1 << 20) + 7 * SECTOR;
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", imageOptions, path.toString(), Integer.toString(size));
        run(path, new byte[size], imageOptions.hashCode());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "raw cluster_size=65536",
                "raw cluster_size=512",
                "raw cluster_size=4096,compat=0.10",
                "raw cluster_size=16384,extended_l2=on",
                "qcow2 cluster_size=65536",
                "qcow2 cluster_size=4096",
                "qcow2 cluster_size=65536,extended_l2=on",
            })
    void showsABackingFileWhereItWasNotWritten(String formatAndOptions) throws IOException {
        String format = formatAndOptions.substring(0, formatAndOptions.indexOf(' '));
        String imageOptions = formatAndOptions.substring(formatAndOptions.indexOf(' ') + 1);
        int size = 5 * (1 << 20) + 7 * SECTOR;
        byte[] model = new byte[size];
        int backingSize = 3 * (1 << 20) + 5 * SECTOR;
        byte[] below = new byte[backingSize];
        Random random = new Random(99);
        for (int i = 0; i < 30; i++) {
            byte[] part = new byte[SECTOR * (1 + random.nextInt(100))];
            random.nextBytes(part);
            System.arraycopy(part, 0, below, random.nextInt(backingSize - part.length), part.length);
        }
        System.arraycopy(below, 0, model, 0, backingSize);
        Path raw = directory.resolve("backing.raw");
        Files.write(raw, below);
        Path backing = raw;
        if (format.equals("qcow2")) {
            backing = directory.resolve("backing.qcow2");
            QemuTool.img("convert", "-q", "-f", "raw", "-O", "qcow2", "-c", raw.toString(), backing.toString());
        }
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                imageOptions,
                "-b",
                backing.toString(),
                "-F",
                format,
                path.toString(),
                Integer.toString(size));
        run(path, model, formatAndOptions.hashCode());
    }

    private void run(Path path, byte[] start, int seed) throws IOException {
        byte[] model = start;
        Random random = new Random(seed);
        Qcow2Image image = EngineDisk.open(path);
        for (int step = 0; step < STEPS; step++) {
            int offset = random.nextInt(model.length / SECTOR) * SECTOR;
            int most = Math.min(model.length - offset, random.nextInt(4) == 0 ? 400_000 : 20_000);
            int length = Math.max(SECTOR, random.nextInt(most + 1) / SECTOR * SECTOR);
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5, 6 -> {
                    byte[] part = new byte[length];
                    random.nextBytes(part);
                    EngineDisk.write(image, offset, part);
                    System.arraycopy(part, 0, model, offset, length);
                }
                case 7, 8 -> {
                    image.writeZeroes(offset, length, random.nextBoolean());
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 9 -> {
                    image.discard(offset, length);
                    // What was discarded may be either; the image says which.
                    System.arraycopy(zerosOrAsBefore(image, model, offset, length), 0, model, offset, length);
                }
                case 10 -> image.flush();
                case 11 -> {
                    if (random.nextInt(10) == 0) {
                        int size = (1 + random.nextInt(12_000)) * SECTOR;
                        image.resize(size);
                        model = Arrays.copyOf(model, size);
                    }
                }
                case 12 -> {
                    if (random.nextInt(20) == 0) {
                        image.populate(offset, length);
                    }
                }
                case 13 -> {
                    if (random.nextInt(20) == 0) {
                        image.close();
                        check(path, model);
                        image = EngineDisk.open(path);
                    }
                }
                default ->
                    assertThat(EngineDisk.read(image, offset, length))
                            .as("step %d, %d bytes at %d", step, length, offset)
                            .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
            }
        }
        assertThat(EngineDisk.read(image, 0, model.length)).isEqualTo(model);
        image.close();
        check(path, model);
    }

    private static byte[] zerosOrAsBefore(Qcow2Image image, byte[] model, int offset, int length) throws IOException {
        byte[] now = EngineDisk.read(image, offset, length);
        for (int i = 0; i < length; i++) {
            assertThat(now[i] == 0 || now[i] == model[offset + i]).isTrue();
        }
        return now;
    }

    private void check(Path path, byte[] model) throws IOException {
        Path raw = directory.resolve("model.raw");
        Files.write(raw, model);
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        QemuTool.img("compare", "-q", "-f", "qcow2", "-F", "raw", path.toString(), raw.toString());
    }
}
