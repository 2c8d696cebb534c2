package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.qcow2.check.CheckResult;
import org.kvmbeans.block.qcow2.check.Qcow2Check;
import org.kvmbeans.block.testing.QemuTool;

/** The storage fails now and then: what failed may have been done in part, and all else is as it should be. */
class Qcow2FailureTest {
    private static final int SECTOR = 512;
    private static final int SECTORS = 4000;

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    private byte[] create(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(SECTORS * SECTOR));
        return Files.readAllBytes(path);
    }

    private static Qcow2Image open(MemoryStorage storage) throws IOException {
        return Qcow2Image.open(EngineDisk.POSIX, storage, EngineDisk.OPENER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=4096",
                "cluster_size=512",
                "cluster_size=65536",
                "cluster_size=16384,extended_l2=on",
                "cluster_size=4096,lazy_refcounts=on",
            })
    void nothingElseIsHarmedByRequestsThatFail(String options) throws IOException {
        MemoryStorage storage = new MemoryStorage(create(options), Access.READ_WRITE);
        Random random = new Random(options.hashCode());
        Random faults = new Random(17);
        List<List<Integer>> allowed = new ArrayList<>();
        for (int i = 0; i < SECTORS; i++) {
            allowed.add(new ArrayList<>(List.of(0)));
        }
        Qcow2Image image = open(storage);
        storage.faults((request, offset) -> faults.nextInt(request.equals("torn write") ? 60 : 25) == 0);
        int failures = 0;
        for (int step = 1; step <= 1200; step++) {
            int first = random.nextInt(SECTORS);
            int count = 1 + random.nextInt(Math.min(SECTORS - first, random.nextInt(3) == 0 ? 200 : 12));
            int kind = random.nextInt(8);
            int version = kind < 6 ? step : 0;
            try {
                switch (kind) {
                    case 6 -> image.writeZeroes((long) first * SECTOR, (long) count * SECTOR, random.nextBoolean());
                    case 7 -> {
                        count = 0;
                        image.flush();
                    }
                    default -> EngineDisk.write(image, (long) first * SECTOR, contents(first, count, version));
                }
                for (int i = first; i < first + count; i++) {
                    allowed.set(i, new ArrayList<>(List.of(version)));
                }
            } catch (DiskImageException e) {
                failures++;
                for (int i = first; i < first + count; i++) {
                    allowed.get(i).add(version);
                }
            }
        }
        storage.faults((request, offset) -> false);
        assertThat(failures).isGreaterThan(20);
        byte[] disk = EngineDisk.read(image, 0, SECTORS * SECTOR);
        for (int i = 0; i < SECTORS; i++) {
            byte[] sector = Arrays.copyOfRange(disk, i * SECTOR, (i + 1) * SECTOR);
            int at = i;
            assertThat(allowed.get(i)).as("sector %d", i).anyMatch(v -> Arrays.equals(sector, contents(at, 1, v)));
        }
        image.close();
        CheckResult result = Qcow2Check.check(EngineDisk.POSIX, storage, Progress.NONE);
        assertThat(result.corruptions()).as("%s", result).isZero();
        try (Qcow2Image again = open(new MemoryStorage(storage.contents(), Access.READ_WRITE))) {
            assertThat(EngineDisk.read(again, 0, SECTORS * SECTOR)).isEqualTo(disk);
        }
    }

    private static byte[] contents(int first, int count, int version) {
        byte[] contents = new byte[count * SECTOR];
        for (int i = 0; version != 0 && i < contents.length; i++) {
            contents[i] = (byte) (version * 31 + first + i / SECTOR | 1);
        }
        return contents;
    }

    @Test
    void anEntryThatContradictsItselfMarksTheImageCorruptAndEndsItsWriting() throws IOException {
        MemoryStorage storage = new MemoryStorage(create("cluster_size=4096"), Access.READ_WRITE);
        try (Qcow2Image image = open(storage)) {
            EngineDisk.write(image, 0, new byte[8192]);
        }
        byte[] bytes = storage.contents();
        long l1 = java.nio.ByteBuffer.wrap(bytes).getLong(40);
        long l2 = java.nio.ByteBuffer.wrap(bytes).getLong((int) l1) & Qcow2Layout.L1_OFFSET_MASK;
        java.nio.ByteBuffer.wrap(bytes).putLong((int) l2, Qcow2Layout.COPIED | 0x5200);
        MemoryStorage broken = new MemoryStorage(bytes, Access.READ_WRITE);
        try (Qcow2Image image = open(broken)) {
            assertThatThrownBy(() -> EngineDisk.read(image, 0, 512))
                    .isInstanceOfSatisfying(
                            DiskImageException.class,
                            e -> assertThat(e.kind()).isEqualTo(DiskImageException.Kind.CORRUPT))
                    .hasMessageContaining("L2 entry of byte 0");
            assertThat(EngineDisk.read(image, 4096, 512)).containsOnly(0);
            assertThatThrownBy(() -> EngineDisk.write(image, 4096, new byte[512]))
                    .hasMessageContaining("nothing is written");
        }
        assertThatThrownBy(() -> open(new MemoryStorage(broken.contents(), Access.READ_WRITE)))
                .hasMessageContaining("marked corrupt");
        try (Qcow2Image image = open(new MemoryStorage(broken.contents(), Access.READ_ONLY))) {
            assertThat(EngineDisk.read(image, 4096, 512)).containsOnly(0);
        }
    }

    @Test
    void refusesABackingFileOfAFormatThatIsNotSaid() throws IOException {
        Path below = directory.resolve("below.raw");
        Files.write(below, new byte[1 << 20]);
        Path path = directory.resolve("overlay.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-b", below.toString(), "-F", "raw", path.toString());
        try (Qcow2Image image = EngineDisk.open(path)) {
            image.changeBacking(
                    new BackingReference(below.toString(), ""),
                    EngineDisk.OPENER.openImage(below.toString(), "raw", EngineDisk.options(Access.READ_ONLY)));
        }
        assertThatThrownBy(() -> EngineDisk.openToRead(path)).hasMessageContaining("formats are not guessed");
    }

    @Test
    void refusesAChainThatLeadsBackToItself() throws IOException {
        Path one = directory.resolve("one.qcow2");
        Path two = directory.resolve("two.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", one.toString(), "1M");
        QemuTool.img("create", "-q", "-f", "qcow2", "-b", one.toString(), "-F", "qcow2", two.toString());
        QemuTool.img("rebase", "-q", "-u", "-f", "qcow2", "-b", two.toString(), "-F", "qcow2", one.toString());
        assertThatThrownBy(() -> EngineDisk.openToRead(two)).hasMessageContaining("lies over it itself");
    }
}
