package org.kvmbeans.block.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.qcow2.TestImages;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.virtio.testdriver.Mutations;

/** Images that are wrong anywhere are refused or found to be wrong; what was repaired is clean, and stays so. */
class Qcow2CheckFuzzTest {
    private static final int ROUNDS = 1500;
    private static final int JUDGED_ROUNDS = 60;

    @TempDir
    static Path directory;

    /** Any bytes. */
    static void target(byte[] input) {
        MemoryStorage storage = new MemoryStorage(input);
        try {
            CheckResult found = Qcow2Check.check(TestImages.POSIX, storage, Progress.NONE);
            assertThat(found.findings()).hasSizeLessThanOrEqualTo(CheckResult.MAX_FINDINGS);
            CheckResult repaired = Qcow2Check.repair(TestImages.POSIX, storage, Repair.ALL, Progress.NONE);
            assertThat(repaired.checkErrors() > 0 || repaired.clean())
                    .as("%s", repaired)
                    .isTrue();
            CheckResult again = Qcow2Check.repair(TestImages.POSIX, storage, Repair.ALL, Progress.NONE);
            assertThat(again.leaks()).isEqualTo(repaired.leaks());
            assertThat(again.corruptions()).isEqualTo(repaired.corruptions());
        } catch (DiskImageException e) {
            assertThat(e.kind()).isIn(DiskImageException.Kind.CORRUPT, DiskImageException.Kind.UNSUPPORTED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void mutationsOfTables() throws IOException {
        Random random = new Random(4);
        for (byte[] seed : seeds()) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] mutant = mutant(seed, random);
                try {
                    target(mutant);
                } catch (RuntimeException | Error e) {
                    throw new AssertionError("round " + round + " of " + seed.length, e);
                }
            }
        }
    }

    @Test
    void mutationsOfHeaders() throws IOException {
        for (byte[] seed : seeds()) {
            Mutations.run(List.of(java.util.Arrays.copyOf(seed, 512)), 1000, header -> {
                byte[] whole = seed.clone();
                System.arraycopy(header, 0, whole, 0, header.length);
                target(whole);
            });
        }
    }

    @Test
    void whatWasRepairedIsCleanForQemuToo() throws IOException {
        Random random = new Random(5);
        Path image = directory.resolve("judged.qcow2");
        // But not that with a data file, whose name may have become another.
        for (byte[] seed : seeds().subList(0, 3)) {
            for (int round = 0; round < JUDGED_ROUNDS; round++) {
                MemoryStorage storage = new MemoryStorage(mutant(seed, random));
                try {
                    CheckResult repaired = Qcow2Check.repair(TestImages.POSIX, storage, Repair.ALL, Progress.NONE);
                    if (repaired.clean()) {
                        Files.write(image, storage.bytes());
                        assertThat(QemuTool.run("qemu-img", "check", image))
                                .as("round %d", round)
                                .extracting(QemuTool.Outcome::output)
                                .asString()
                                .contains("No errors");
                    }
                } catch (DiskImageException e) {
                    assertThat(e.kind()).isNotEqualTo(DiskImageException.Kind.IO_ERROR);
                }
            }
        }
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        target(input);
    }

    /** Small images, whose tables are most of them. */
    private static List<byte[]> seeds() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (String options :
                List.of("cluster_size=512", "cluster_size=512,compat=0.10", "cluster_size=16k,extended_l2=on")) {
            Path image = directory.resolve(options + ".qcow2");
            QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "600k");
            QemuTool.io(image, "write -P 1 0 20k", "write -c -P 2 64k 32k", "write -P 3 300k 5k");
            QemuTool.img("snapshot", "-c", "first", image);
            QemuTool.io(image, "write -P 4 4k 4k", "write -c -P 5 128k 16k");
            if (!options.contains("compat=0.10")) {
                QemuTool.img("bitmap", "--add", "-g", "512", image, "one");
                QemuTool.io(image, "write -z 200k 64k");
            }
            seeds.add(Files.readAllBytes(image));
            Files.delete(image);
        }
        Path image = directory.resolve("data-file.qcow2");
        String options = "cluster_size=512,data_file=" + directory.resolve("data-file.raw");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "600k");
        QemuTool.io(image, "write -P 1 0 20k", "write -z 64k 32k", "write -P 3 300k 5k");
        seeds.add(Files.readAllBytes(image));
        return seeds;
    }

    /** Changes some entries of 8 bytes to others of the image, or by a bit, or to any. */
    private static byte[] mutant(byte[] seed, Random random) {
        ByteBuffer bytes = ByteBuffer.wrap(seed.clone());
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            int at = position(bytes, random);
            switch (random.nextInt(5)) {
                case 0 -> bytes.putLong(at, bytes.getLong(position(bytes, random)));
                case 1 -> bytes.putLong(at, bytes.getLong(at) ^ 1L << random.nextInt(64));
                case 2 -> bytes.putLong(at, (random.nextInt(seed.length) & -512L) | ((long) random.nextInt(4) << 62));
                case 3 -> bytes.putLong(at, 0);
                default -> bytes.putLong(at, random.nextLong());
            }
        }
        return bytes.array();
    }

    /** Where something stands that is not 0, mostly. */
    private static int position(ByteBuffer bytes, Random random) {
        int at = 0;
        for (int tries = 0; tries < 20; tries++) {
            at = random.nextInt(bytes.capacity() / 8) * 8;
            long value = bytes.getLong(at);
            // Not the data that qemu-io writes, of one byte that repeats.
            if (value != 0 && value != Long.rotateLeft(value, 8)) {
                return at;
            }
        }
        return at;
    }
}
