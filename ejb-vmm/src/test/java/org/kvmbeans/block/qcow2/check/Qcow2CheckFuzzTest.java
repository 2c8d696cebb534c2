package org.kvmbeans.block.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.qcow2.ImageMutants;
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
        for (byte[] seed : ImageMutants.seeds(directory)) {
            for (int round = 0; round < ROUNDS; round++) {
                byte[] mutant = ImageMutants.mutant(seed, random);
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
        for (byte[] seed : ImageMutants.seeds(directory)) {
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
        for (byte[] seed : ImageMutants.seeds(directory).subList(0, 3)) {
            for (int round = 0; round < JUDGED_ROUNDS; round++) {
                MemoryStorage storage = new MemoryStorage(ImageMutants.mutant(seed, random));
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
}
