package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.testing.QemuTool;

class Qcow2SnapshotTest {
    private static final int SECTOR = 512;
    private static final int SIZE = 3 << 20;

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    private Path create(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(SIZE));
        return path;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=65536",
                "cluster_size=512",
                "cluster_size=4096,refcount_bits=8",
                "cluster_size=4096,compat=0.10",
                "cluster_size=16384,extended_l2=on",
                "cluster_size=4096,lazy_refcounts=on",
            })
    void agreesWithCopiesOfTheDiskWhenSnapshotsComeAndGo(String options) throws IOException {
        Path path = create(options);
        Random random = new Random(options.hashCode());
        byte[] model = new byte[SIZE];
        Map<String, byte[]> kept = new LinkedHashMap<>();
        Qcow2Image image = EngineDisk.open(path);
        for (int step = 0; step < 400; step++) {
            int offset = random.nextInt(SIZE / SECTOR - 200) * SECTOR;
            int length = SECTOR * (1 + random.nextInt(200));
            switch (random.nextInt(14)) {
                case 0 -> {
                    if (kept.size() < 6) {
                        kept.put(image.snapshots().create("s" + step, 0, 0).id().text(), model.clone());
                    }
                }
                case 1 -> {
                    if (!kept.isEmpty() && random.nextBoolean()) {
                        String id = List.copyOf(kept.keySet()).get(random.nextInt(kept.size()));
                        image.snapshots().apply(id);
                        model = java.util.Objects.requireNonNull(kept.get(id)).clone();
                        assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(model);
                    }
                }
                case 2 -> {
                    if (!kept.isEmpty() && random.nextBoolean()) {
                        String id = List.copyOf(kept.keySet()).get(random.nextInt(kept.size()));
                        image.snapshots().delete(id);
                        kept.remove(id);
                    }
                }
                case 3 -> {
                    if (random.nextInt(3) == 0) {
                        image.close();
                        check(path, model, kept);
                        image = EngineDisk.open(path);
                    }
                }
                case 4 -> {
                    image.writeZeroes(offset, length, random.nextBoolean());
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 5 -> {
                    byte[] cluster = new byte[image.clusterBytes()];
                    Arrays.fill(cluster, (byte) step);
                    int at = offset / cluster.length * cluster.length;
                    image.writeCompressed(at, EngineDisk.memory(cluster));
                    System.arraycopy(cluster, 0, model, at, cluster.length);
                }
                default -> {
                    byte[] part = new byte[length];
                    random.nextBytes(part);
                    EngineDisk.write(image, offset, part);
                    System.arraycopy(part, 0, model, offset, length);
                }
            }
        }
        assertThat(EngineDisk.read(image, 0, SIZE)).isEqualTo(model);
        image.close();
        check(path, model, kept);
    }

    private void check(Path path, byte[] model, Map<String, byte[]> kept) throws IOException {
        Path raw = directory.resolve("model.raw");
        Files.write(raw, model);
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        QemuTool.img("compare", "-q", "-f", "qcow2", "-F", "raw", path.toString(), raw.toString());
        for (Map.Entry<String, byte[]> snapshot : kept.entrySet()) {
            Path out = directory.resolve("snapshot.raw");
            QemuTool.img(
                    "convert",
                    "-q",
                    "-f",
                    "qcow2",
                    "-l",
                    "snapshot.id=" + snapshot.getKey(),
                    "-O",
                    "raw",
                    path.toString(),
                    out.toString());
            assertThat(Arrays.equals(Files.readAllBytes(out), snapshot.getValue()))
                    .isTrue();
        }
    }

    @Test
    void keepsTheStateOfTheVmBehindTheDisk() throws IOException {
        Path path = create("cluster_size=4096");
        byte[] state = new byte[5 << 20];
        new Random(4).nextBytes(state);
        try (Qcow2Image image = EngineDisk.open(path)) {
            image.snapshots().writeVmState(0, EngineDisk.memory(state));
            image.snapshots().create("with state", state.length, 12_345);
            EngineDisk.write(image, 0, new byte[1 << 20]);
            image.resize(2 << 20);
            image.resize(30 << 20);
        }
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        try (Qcow2Image image = EngineDisk.open(path)) {
            Snapshot snapshot = image.snapshots().list().get(0);
            assertThat(snapshot.vmStateBytes()).isEqualTo(state.length);
            assertThat(snapshot.guestClockNanos()).isEqualTo(12_345);
            image.snapshots().apply("with state");
            assertThat(image.sizeBytes()).isEqualTo(SIZE);
            byte[] read = new byte[state.length];
            var memory = EngineDisk.memory(read);
            image.snapshots().readVmState(0, memory);
            memory.copyTo(0, java.nio.ByteBuffer.wrap(read));
            assertThat(Arrays.equals(read, state)).isTrue();
        }
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
    }

    @Test
    void refusesASnapshotThatItsRefcountsCannotCount() throws IOException {
        Path path = create("cluster_size=4096,refcount_bits=1");
        try (Qcow2Image image = EngineDisk.open(path)) {
            EngineDisk.write(image, 0, new byte[4096]);
            assertThatThrownBy(() -> image.snapshots().create("one", 0, 0))
                    .isInstanceOf(DiskImageException.class)
                    .hasMessageContaining("refcounts of 1 bits");
            EngineDisk.write(image, 4096, new byte[4096]);
        }
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
    }
}
