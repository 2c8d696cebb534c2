package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.testing.QemuTool;

class Qcow2EncryptionTest {
    private static final int SIZE = 6 << 20;
    private static final int MAX_TRIES = 20;
    private static final String FAST = ",encrypt.iter-time=100";

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    private static Qcow2Image open(Path path, String passphrase, Access access) throws IOException {
        OpenOptions options = new OpenOptions(
                access, CacheMode.WRITEBACK, ImageRules.ANY, image -> passphrase.getBytes(StandardCharsets.UTF_8));
        return Qcow2Image.open(
                EngineDisk.POSIX, HostFile.open(EngineDisk.POSIX, path.toString(), options), EngineDisk.OPENER);
    }

    private static void create(Path path, String options) {
        QemuTool.Outcome outcome;
        int tries = 0;
        do {
            outcome = QemuTool.run(
                    "qemu-img",
                    "create",
                    "-q",
                    "--object",
                    "secret,id=s,data=secret0",
                    "-f",
                    "qcow2",
                    "-o",
                    "encrypt.key-secret=s," + options,
                    path,
                    SIZE);
            // Where the machine is busy it fails now and then to find out how fast it is.
        } while (outcome.errors().contains("accurate CPU usage") && ++tries < MAX_TRIES);
        assertThat(outcome.status()).as(outcome.errors()).isZero();
    }

    private static void qemuWrites(Path path, String command) {
        QemuTool.Outcome outcome = QemuTool.run(
                "qemu-io",
                "--object",
                "secret,id=s,data=secret0",
                "--image-opts",
                "driver=qcow2,encrypt.key-secret=s,file.filename=" + path,
                "-c",
                command);
        assertThat(outcome.status()).as(outcome.errors()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=65536", "cluster_size=16384", "cluster_size=65536,extended_l2=on"})
    void qemuReadsWhatIsEncryptedHereAndTheOtherWayRound(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        create(path, "encrypt.format=luks," + options + FAST);
        byte[] model = new byte[SIZE];
        Random random = new Random(8);
        try (Qcow2Image image = open(path, "secret0", Access.READ_WRITE)) {
            for (int i = 0; i < 200; i++) {
                int offset = random.nextInt(SIZE / 512 - 1000) * 512;
                byte[] part = new byte[512 * (1 + random.nextInt(i % 10 == 0 ? 1000 : 30))];
                random.nextBytes(part);
                EngineDisk.write(image, offset, part);
                System.arraycopy(part, 0, model, offset, part.length);
            }
            assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(model);
        }
        Path plain = directory.resolve("plain.raw");
        QemuTool.img(
                "convert",
                "-q",
                "--object",
                "secret,id=s,data=secret0",
                "--image-opts",
                "driver=qcow2,encrypt.key-secret=s,file.filename=" + path,
                "-O",
                "raw",
                plain.toString());
        assertThat(Files.readAllBytes(plain)).isEqualTo(model);
        qemuWrites(path, "write -P 7 70144 100352");
        Arrays.fill(model, 70_144, 170_496, (byte) 7);
        try (Qcow2Image image = open(path, "secret0", Access.READ_ONLY)) {
            assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(model);
        }
    }

    @Test
    void refusesAWrongPassphrase() throws IOException {
        Path path = directory.resolve("disk.qcow2");
        create(path, "encrypt.format=luks" + FAST);
        assertThatThrownBy(() -> open(path, "secret1", Access.READ_ONLY))
                .isInstanceOfSatisfying(
                        DiskImageException.class, e -> assertThat(e.kind()).isEqualTo(DiskImageException.Kind.DENIED));
    }

    @Test
    void readsImagesThatAreEncryptedInTheWayOfOldButDoesNotWriteThem() throws IOException {
        Path path = directory.resolve("disk.qcow2");
        create(path, "encrypt.format=aes");
        qemuWrites(path, "write -P 9 65536 131072");
        try (Qcow2Image image = open(path, "secret0", Access.READ_ONLY)) {
            assertThat(EngineDisk.read(image, 65536, 131072)).containsOnly(9);
        }
        assertThatThrownBy(() -> open(path, "secret0", Access.READ_WRITE))
                .isInstanceOfSatisfying(
                        DiskImageException.class,
                        e -> assertThat(e.kind()).isEqualTo(DiskImageException.Kind.UNSUPPORTED));
    }
}
