package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.testing.QemuTool;

/** Many threads at once, each with sectors of its own in the same clusters. */
class Qcow2ConcurrencyTest {
    private static final int SECTOR = 512;
    private static final int SIZE = 8 << 20;
    private static final int THREADS = 6;
    private static final int STEPS = 1500;

    private Path directory = Path.of("");
    private final byte[] model = new byte[SIZE];

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
                "cluster_size=4096",
                "cluster_size=512",
                "cluster_size=16384,extended_l2=on",
                "cluster_size=4096,lazy_refcounts=on",
            })
    @Timeout(300)
    void threadsThatShareClustersDoNotHarmEachOther(String options) throws Exception {
        Path below = directory.resolve("below.raw");
        new Random(1).nextBytes(model);
        Files.write(below, model);
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img(
                "create", "-q", "-f", "qcow2", "-o", options, "-b", below.toString(), "-F", "raw", path.toString());
        ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
        try (Qcow2Image image = EngineDisk.open(path)) {
            List<Future<?>> ended = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                ended.add(threads.submit(() -> {
                    work(image, number);
                    return null;
                }));
            }
            ended.add(threads.submit(() -> {
                disturb(image);
                return null;
            }));
            for (Future<?> future : ended) {
                future.get(250, TimeUnit.SECONDS);
            }
            assertThat(Arrays.equals(EngineDisk.read(image, 0, SIZE), model)).isTrue();
        } finally {
            threads.shutdownNow();
        }
        Path raw = directory.resolve("model.raw");
        Files.write(raw, model);
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        QemuTool.img("compare", "-q", "-f", "qcow2", "-F", "raw", path.toString(), raw.toString());
    }

    /** A thread's sectors are those whose number leaves its own as the rest; a fourth of the disk, for more collisions. */
    private void work(Qcow2Image image, int number) throws IOException {
        Random random = new Random(number);
        for (int step = 0; step < STEPS; step++) {
            int sector = random.nextInt(SIZE / SECTOR / 4 / THREADS) * THREADS + number;
            int offset = sector * SECTOR;
            if (random.nextInt(4) == 0) {
                byte[] now = EngineDisk.read(image, offset, SECTOR);
                assertThat(Arrays.equals(now, 0, SECTOR, model, offset, offset + SECTOR))
                        .as("thread %d, step %d, sector %d", number, step, sector)
                        .isTrue();
            } else if (random.nextInt(10) == 0) {
                image.writeZeroes(offset, SECTOR, true);
                Arrays.fill(model, offset, offset + SECTOR, (byte) 0);
            } else {
                byte[] part = new byte[SECTOR];
                random.nextBytes(part);
                EngineDisk.write(image, offset, part);
                System.arraycopy(part, 0, model, offset, SECTOR);
            }
        }
    }

    /** Whole clusters of the rest of the disk come and go, and with them the clusters of the storage; snapshots as well. */
    private void disturb(Qcow2Image image) throws IOException {
        Random random = new Random(77);
        int start = SIZE / 2;
        for (int step = 0; step < STEPS / 10; step++) {
            int offset = start + random.nextInt((SIZE - start) / 65536) * 65536;
            byte[] part = new byte[65536];
            random.nextBytes(part);
            EngineDisk.write(image, offset, part);
            System.arraycopy(part, 0, model, offset, part.length);
            if (random.nextInt(3) == 0) {
                image.writeZeroes(offset, part.length, true);
                Arrays.fill(model, offset, offset + part.length, (byte) 0);
            }
            image.populate(random.nextInt(SIZE / 65536) * 65536L, 65536);
            if (random.nextInt(4) == 0) {
                image.flush();
            }
            if (step % 40 == 10) {
                image.snapshots().create("s", 0, 0);
            }
            if (step % 40 == 30) {
                image.snapshots().delete("s");
            }
        }
    }
}
