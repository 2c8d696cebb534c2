package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

class Qcow2DataFileTest {
    private static final int SECTOR = 512;
    private static final int SIZE = 6 << 20;

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
                "cluster_size=65536,data_file_raw=on",
                "cluster_size=4096",
                "cluster_size=16384,extended_l2=on",
            })
    void keepsTheDiskInTheDataFile(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        Path data = directory.resolve("disk.data");
        QemuTool.img(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                options + ",data_file=" + data,
                path.toString(),
                Integer.toString(SIZE));
        byte[] model = new byte[SIZE];
        Random random = new Random(options.hashCode());
        try (Qcow2Image image = EngineDisk.open(path)) {
            for (int step = 0; step < 400; step++) {
                int offset = random.nextInt(SIZE / SECTOR - 300) * SECTOR;
                int length = SECTOR * (1 + random.nextInt(300));
                switch (random.nextInt(6)) {
                    case 0 -> {
                        image.writeZeroes(offset, length, random.nextBoolean());
                        Arrays.fill(model, offset, offset + length, (byte) 0);
                    }
                    case 1 -> {
                        image.discard(offset, length);
                        System.arraycopy(EngineDisk.read(image, offset, length), 0, model, offset, length);
                    }
                    default -> {
                        byte[] part = new byte[length];
                        random.nextBytes(part);
                        EngineDisk.write(image, offset, part);
                        System.arraycopy(part, 0, model, offset, length);
                    }
                }
            }
            assertThat(Arrays.equals(EngineDisk.read(image, 0, SIZE), model)).isTrue();
            assertThatThrownBy(() -> image.snapshots().create("one", 0, 0)).hasMessageContaining("data file");
        }
        Path raw = directory.resolve("model.raw");
        Files.write(raw, model);
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        QemuTool.img("compare", "-q", "-f", "qcow2", "-F", "raw", path.toString(), raw.toString());
        if (options.contains("data_file_raw=on")) {
            assertThat(Arrays.equals(Files.readAllBytes(data), model)).isTrue();
        }
    }
}
