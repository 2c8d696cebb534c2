package org.kvmbeans.block.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Layout;
import org.kvmbeans.block.qcow2.TestImages;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.block.testing.RecordingStorage;

/** Damaged images are found to be damaged and are repaired; QEMU is the judge of both. */
class Qcow2RepairTest {
    private static final int CLUSTER = 1 << 16;
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path image;

    /** Damage, and which bytes of the disk it may cost; none where from and to are the same. */
    enum Damage {
        LEAK(e -> e.putRefcount(e.host(MIB / 2), 7), 0, 0),
        LEAKED_TAIL(
                e -> {
                    long end = e.header().layout().roundUp(fileBytes(e));
                    e.append(3);
                    e.putRefcount(end + CLUSTER, 1);
                },
                0,
                0),
        REFCOUNT_TOO_LOW(e -> e.putRefcount(e.host(MIB / 2), 1), 0, 0),
        REFCOUNT_OF_ZERO(e -> e.putRefcount(e.host(10 * MIB), 0), 0, 0),
        REFCOUNT_OF_L2_TABLE(e -> e.putRefcount(e.get(e.l1Position(0)) & Qcow2Layout.L1_OFFSET_MASK, 0), 0, 0),
        REFCOUNT_OF_HEADER(e -> e.putRefcount(0, 0), 0, 0),
        NO_REFCOUNT_BLOCK(e -> e.put(e.header().refcountTable().offset(), 0), 0, 0),
        UNALIGNED_REFCOUNT_BLOCK(e -> e.change(e.header().refcountTable().offset(), x -> x + 512), 0, 0),
        REFCOUNT_BLOCK_WITH_RESERVED_BITS(
                e -> e.change(e.header().refcountTable().offset(), x -> x | 1), 0, 0),
        REFCOUNT_BLOCK_BEYOND_THE_FILE(e -> e.put(e.header().refcountTable().offset(), 1L << 40), 0, 0),
        REFCOUNT_BLOCK_OVER_DATA(e -> e.put(e.header().refcountTable().offset(), e.host(10 * MIB)), 0, 0),
        NO_REFCOUNT_TABLE(e -> e.change(56, x -> x & 0xFFFF_FFFFL), 0, 0),
        REFCOUNT_TABLE_BEYOND_THE_FILE(e -> e.put(48, 1L << 40), 0, 0),
        COPIED_MISSING(e -> e.change(e.l2Position(38 * MIB), x -> x & ~Qcow2Layout.COPIED), 0, 0),
        COPIED_WRONG(e -> e.change(e.l2Position(MIB / 2), x -> x | Qcow2Layout.COPIED), 0, 0),
        COPIED_MISSING_OF_L2_TABLE(e -> e.change(e.l1Position(0), x -> x & ~Qcow2Layout.COPIED), 0, 0),
        COPIED_COMPRESSED(e -> e.change(e.l2Position(20 * MIB), x -> x | Qcow2Layout.COPIED), 0, 0),
        L1_RESERVED_BITS(e -> e.change(e.l1Position(0), x -> x | 1L << 60), 0, 0),
        L2_RESERVED_BITS(e -> e.change(e.l2Position(MIB / 2), x -> x | 1L << 58), 0, 0),
        L2_UNALIGNED(e -> e.change(e.l2Position(38 * MIB), x -> x + 512), 38 * MIB, 38 * MIB + CLUSTER),
        L2_BEYOND_THE_FILE(
                e -> e.put(e.l2Position(38 * MIB), 1L << 40 | Qcow2Layout.COPIED), 38 * MIB, 38 * MIB + CLUSTER),
        COMPRESSED_BEYOND_THE_FILE(
                e -> e.put(e.l2Position(20 * MIB), Qcow2Layout.COMPRESSED | 1L << 40), 20 * MIB, 20 * MIB + CLUSTER),
        L2_OVER_L1(
                e -> e.put(e.l2Position(38 * MIB), e.l1Position(0) | Qcow2Layout.COPIED), 38 * MIB, 38 * MIB + CLUSTER),
        L2_OVER_ITSELF(e -> e.put(e.l2Position(38 * MIB), e.get(e.l1Position(0))), 38 * MIB, 38 * MIB + CLUSTER),
        L2_TWICE(e -> e.put(e.l2Position(38 * MIB), e.get(e.l2Position(25 * MIB))), 38 * MIB, 38 * MIB + CLUSTER),
        L1_UNALIGNED(e -> e.change(e.l1Position(0), x -> x + 512), 0, 40 * MIB),
        L1_BEYOND_THE_FILE(e -> e.put(e.l1Position(0), 1L << 40 | Qcow2Layout.COPIED), 0, 40 * MIB),
        SNAPSHOT_UNALIGNED(e -> e.change(e.header().snapshotTable().offset(), x -> x + 512), 0, 0),
        SNAPSHOT_BEYOND_THE_FILE(e -> e.put(e.header().snapshotTable().offset(), 1L << 40), 0, 0),
        BITMAP_TABLE_RESERVED_BITS(e -> e.put(e.get(bitmapDirectory(e)), 1L << 60), 0, 0),
        DIRTY(e -> e.change(72, x -> x | 1), 0, 0),
        CORRUPT(e -> e.change(72, x -> x | 2), 0, 0);

        @SuppressWarnings("ImmutableEnumChecker") // Has no state.
        private final Consumer<ImageEditor> change;

        private final long from;
        private final long to;

        Damage(Consumer<ImageEditor> change, long from, long to) {
            this.change = change;
            this.from = from;
            this.to = to;
        }

        private static long bitmapDirectory(ImageEditor editor) {
            return Objects.requireNonNull(editor.header().extensions().bitmaps())
                    .offset();
        }

        private static long fileBytes(ImageEditor editor) {
            return editor.fileBytes();
        }
    }

    @BeforeEach
    void makeImage() {
        image = SampleImages.busy(directory.resolve("a.qcow2"), "cluster_size=64k");
    }

    @ParameterizedTest
    @EnumSource
    void isRepaired(Damage damage) throws IOException {
        byte[] before = contents();
        damage.change.accept(new ImageEditor(image));
        CheckResult found = check();
        JsonNode foundByQemu = QemuTool.check(image);
        // QEMU does not open an image at all whose refcount table lies nowhere, or takes no notice of it.
        boolean theirs = foundByQemu.path("leaks").asLong()
                        + foundByQemu.path("corruptions").asLong()
                > 0;
        if (theirs) {
            assertThat(found.clean())
                    .as("found %s, they found %s", found, foundByQemu)
                    .isFalse();
        }

        CheckResult repaired = repair(Repair.ALL);

        assertThat(repaired.clean()).as("%s", repaired).isTrue();
        assertThat(repaired.leaksFixed() + repaired.corruptionsFixed()).isEqualTo(found.leaks() + found.corruptions());
        assertThat(check().findings()).isEmpty();
        assertThat(QemuTool.img("check", image)).contains("No errors were found");
        assertThat(TestImages.header(image).has(Feature.DIRTY)).isFalse();
        assertThat(TestImages.header(image).has(Feature.CORRUPT)).isFalse();
        assertSameOutside(damage, before, contents());
        // What was dropped reads as zeros at once, and can be written again.
        QemuTool.io(image, "write -P 77 38M 1M", "read -P 77 38M 1M", "write -P 78 0 2M", "read -P 78 0 2M");
        assertThat(QemuTool.img("check", image)).contains("No errors were found");
    }

    /** But for those whose refcounts QEMU does not look at, or where it takes what leads nowhere for what it leads to. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.MATCH_NONE,
            names = {".*REFCOUNT_BLOCK.*", "NO_REFCOUNT_TABLE", "L._UNALIGNED", "L._BEYOND_THE_FILE", "BITMAP.*"})
    void findsAsManyLeaksAndCorruptionsAsQemu(Damage damage) throws IOException {
        damage.change.accept(new ImageEditor(image));
        JsonNode theirs = QemuTool.check(image);
        CheckResult ours = check();
        assertThat(ours.leaks()).as("%s", ours).isEqualTo(theirs.path("leaks").asLong());
        assertThat(ours.corruptions())
                .as("%s", ours)
                .isEqualTo(theirs.path("corruptions").asLong());
    }

    /** The bitmap of an entry, and what it is to be where that is what it can be. */
    @ParameterizedTest
    @CsvSource({
        "0, 0x00000003FFFFFFFF, 0x00000000FFFFFFFF",
        "0x100000, 0x0000000000000003, 0x0000000000000000",
        "0x100000, 0x0000000F0000000F, 0x0000000F00000000",
        "0x500000, 0x0000000000000001, 0x0000000000000000"
    })
    void subclustersAreMadeToAgree(String offset, String wrong, String right) throws IOException {
        Path extended = directory.resolve("extended.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", "extended_l2=on", extended, "8M");
        QemuTool.io(extended, "write -P 1 0 64k", "write -P 1 2M 64k", "write -c -P 2 5M 64k");
        ImageEditor editor = new ImageEditor(extended);
        long position = editor.l2Position(Long.decode(offset)) + 8;
        editor.put(position, Long.parseUnsignedLong(wrong.substring(2), 16));
        assertThat(QemuTool.check(extended).path("corruptions").asLong()).isEqualTo(1);
        image = extended;
        assertThat(check().corruptions()).isEqualTo(1);

        assertThat(repair(Repair.ALL).clean()).isTrue();

        assertThat(editor.get(position)).isEqualTo(Long.parseUnsignedLong(right.substring(2), 16));
        assertThat(QemuTool.img("check", extended)).contains("No errors");
    }

    /** Whatever of a repair is done when the power is cut, the next one ends it, and nothing is lost meanwhile. */
    @ParameterizedTest
    @EnumSource(
            names = {"NO_REFCOUNT_BLOCK", "REFCOUNT_TOO_LOW", "L2_TWICE", "SNAPSHOT_UNALIGNED", "COPIED_COMPRESSED"})
    void repairSurvivesPowerCuts(Damage damage) throws IOException {
        damage.change.accept(new ImageEditor(image));
        byte[] before = contents();
        RecordingStorage storage = new RecordingStorage(Files.readAllBytes(image));
        Qcow2Check.repair(TestImages.POSIX, storage, Repair.ALL, Progress.NONE);

        AtomicInteger number = new AtomicInteger();
        storage.cuts(3, cut -> {
            MemoryStorage left = new MemoryStorage(cut);
            CheckResult repaired = Qcow2Check.repair(TestImages.POSIX, left, Repair.ALL, Progress.NONE);
            assertThat(repaired.clean()).as("cut %s: %s", number, repaired).isTrue();
            if (number.getAndIncrement() % 2 == 0) {
                Files.write(image, left.bytes());
                assertThat(Arrays.mismatch(before, contents())).isEqualTo(-1);
            }
        });
        assertThat(number.get()).isGreaterThan(10);
    }

    private static void assertSameOutside(Damage damage, byte[] before, byte[] after) {
        int from = (int) damage.from;
        int to = (int) damage.to;
        assertThat(Arrays.mismatch(before, 0, from, after, 0, from)).isEqualTo(-1);
        assertThat(Arrays.mismatch(before, to, before.length, after, to, after.length))
                .isEqualTo(-1);
    }

    @Test
    void clustersOfADataFileAreWhereTheyAreOnTheDisk() throws IOException {
        Path overlay = directory.resolve("overlay.qcow2");
        String options = "data_file=" + directory.resolve("data.raw");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, overlay, "8M");
        QemuTool.io(overlay, "write -P 1 0 64k", "write -P 2 2M 64k");
        ImageEditor editor = new ImageEditor(overlay);
        editor.change(editor.l2Position(2 * MIB), x -> x + CLUSTER);
        editor.change(editor.l2Position(0), x -> (x & ~Qcow2Layout.COPIED) | CLUSTER);
        editor.change(editor.l1Position(0), x -> x & ~Qcow2Layout.COPIED);
        image = overlay;
        assertThat(check().corruptions()).isEqualTo(4);

        assertThat(repair(Repair.ALL).clean()).isTrue();

        QemuTool.io(overlay, "read -P 1 0 64k", "read -P 2 2M 64k");
        assertThat(QemuTool.img("check", overlay)).contains("No errors");
    }

    @Test
    void leaksAloneAreRepairedWithoutTouchingTheRest() throws IOException {
        ImageEditor editor = new ImageEditor(image);
        editor.putRefcount(editor.host(MIB / 2), 9);
        editor.putRefcount(editor.host(10 * MIB), 1);

        CheckResult repaired = repair(Repair.LEAKS);

        assertThat(repaired.leaks()).isZero();
        assertThat(repaired.leaksFixed()).isEqualTo(1);
        assertThat(repaired.corruptions()).isPositive();
    }

    @Test
    void repairsNothingWhereSnapshotsCannotBeRead() throws IOException {
        ImageEditor editor = new ImageEditor(image);
        editor.change(editor.header().snapshotTable().offset() + 32, x -> x | 0xFFFF_FFFFL);
        byte[] damaged = Files.readAllBytes(image);

        CheckResult repaired = repair(Repair.ALL);

        assertThat(repaired.checkErrors()).isEqualTo(1);
        assertThat(repaired.findings().get(0)).contains("extra data");
        assertThat(Files.readAllBytes(image)).isEqualTo(damaged);
    }

    @Test
    void repairsOnlyWhatIsOpenedToBeWritten() throws IOException {
        new ImageEditor(image).putRefcount(0, 3);
        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            assertThatThrownBy(() -> Qcow2Check.repair(TestImages.POSIX, storage, Repair.ALL, Progress.NONE))
                    .hasMessageContaining("opened to read");
        }
    }

    private CheckResult check() throws IOException {
        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            return Qcow2Check.check(TestImages.POSIX, storage, Progress.NONE);
        }
    }

    private CheckResult repair(Repair repair) throws IOException {
        try (Storage storage = TestImages.open(image, Access.READ_WRITE)) {
            return Qcow2Check.repair(TestImages.POSIX, storage, repair, Progress.NONE);
        }
    }

    private byte[] contents() throws IOException {
        Path raw = directory.resolve("contents.raw");
        QemuTool.img("convert", "-q", "-f", "qcow2", "-O", "raw", image, raw);
        return Files.readAllBytes(raw);
    }
}
