package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.virtio.testdriver.Mutations;

/** Directories of bitmaps are read as QEMU writes them, and written as they were read. */
class BitmapDirectoryTest {
    private static final Qcow2Layout LAYOUT = new Qcow2Layout(9, 4, false);
    private static final int CLUSTER = 512;

    @TempDir
    Path directory;

    @Test
    void readsWhatQemuWrites() throws IOException {
        Path image = directory.resolve("a.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", image, "10M");
        QemuTool.img("bitmap", "--add", "-g", "512", image, "fine");
        QemuTool.img("bitmap", "--add", "--disable", "-g", "1M", image, "coarse");

        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            Qcow2Header header = Qcow2HeaderFile.open(TestImages.POSIX, storage).header();
            List<BitmapEntry> entries = BitmapDirectory.read(
                    TestImages.POSIX, storage, header.layout(), Objects.requireNonNull(header.consistentBitmaps()));

            assertThat(entries).extracting(e -> e.name().text()).containsExactly("fine", "coarse");
            assertThat(entries).extracting(BitmapEntry::granularityBits).containsExactly(9, 20);
            assertThat(entries).extracting(BitmapEntry::flags).containsExactly(BitmapEntry.AUTO, 0);
            assertThat(entries).allMatch(BitmapEntry::usable);
            assertThat(entries)
                    .allMatch(e -> e.tableEntriesFor(header.sizeBytes(), header.layout())
                            == e.table().count());
        }
    }

    @Test
    void keepsWhatItDoesNotKnow() throws IOException {
        List<BitmapEntry> entries = List.of(
                entry("a", 1 << 20, 7, 63, new byte[] {1, 2, 3}),
                entry("b", BitmapEntry.EXTRA_DATA_COMPATIBLE, 1, 16, new byte[5]),
                entry("c", 0, 1, 16, new byte[5]),
                entry("d", BitmapEntry.IN_USE | BitmapEntry.AUTO, 1, 31, new byte[0]));

        List<BitmapEntry> read = read(BitmapDirectory.encode(entries), 4);

        assertThat(read).isEqualTo(entries);
        assertThat(read).extracting(BitmapEntry::usable).containsExactly(false, true, false, true);
    }

    @Test
    void refusesNamesThatAreThereTwice() {
        BitmapEntry entry = entry("a", 0, 1, 16, new byte[0]);
        assertThatThrownBy(() -> read(BitmapDirectory.encode(List.of(entry, entry)), 2))
                .hasMessageContaining("of its bitmaps, a is there twice");
    }

    @Test
    void refusesDirectoryThatEndsElsewhere() {
        ByteBuffer encoded = BitmapDirectory.encode(List.of(entry("a", 0, 1, 16, new byte[0])));
        ByteBuffer longer =
                ByteBuffer.allocate(encoded.capacity() + 8).put(encoded).clear();
        assertThatThrownBy(() -> read(longer, 1)).hasMessageContaining("40 bytes, but its 1 entries end at byte 32");
        assertThatThrownBy(() -> read(encoded, 2)).hasMessageContaining("goes on beyond byte 544");
    }

    @Test
    void refusesTablesThatCannotBe() {
        BitmapEntry unaligned =
                new BitmapEntry(new TablePointer(1000, 1), 0, 1, 16, ByteBuffer.allocate(0), StoredName.of("a"));
        assertThatThrownBy(() -> read(BitmapDirectory.encode(List.of(unaligned)), 1))
                .hasMessageContaining("the table of a lies at byte 1000 and has 1 entries");
    }

    @Test
    void tableEntriesAreClustersOrAllZerosOrAllOnes() {
        assertThat(List.of(0L, 1L, 512L, 1024L)).allMatch(entry -> BitmapDirectory.validTableEntry(entry, LAYOUT));
        assertThat(List.of(2L, 513L, 1L << 56, -512L))
                .noneMatch(entry -> BitmapDirectory.validTableEntry(entry, LAYOUT));
    }

    @Test
    void mutations() {
        byte[] seed = BitmapDirectory.encode(
                        List.of(entry("a", 0, 1, 16, new byte[3]), entry("bbb", 1, 1, 9, new byte[0])))
                .array();
        Mutations.run(List.of(seed), 5000, input -> {
            try {
                List<BitmapEntry> entries = read(ByteBuffer.wrap(input), 2);
                assertThat(read(BitmapDirectory.encode(entries), 2)).isEqualTo(entries);
            } catch (DiskImageException e) {
                assertThat(e.kind()).isEqualTo(DiskImageException.Kind.CORRUPT);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private static List<BitmapEntry> read(ByteBuffer encoded, int count) throws IOException {
        byte[] image = new byte[CLUSTER + encoded.capacity()];
        encoded.get(0, image, CLUSTER, encoded.capacity());
        return BitmapDirectory.read(
                TestImages.POSIX,
                new MemoryStorage(image),
                LAYOUT,
                new BitmapDirectoryPointer(count, CLUSTER, encoded.capacity()));
    }

    private static BitmapEntry entry(String name, int flags, int type, int granularityBits, byte[] extra) {
        return new BitmapEntry(
                new TablePointer(1024, 3), flags, type, granularityBits, ByteBuffer.wrap(extra), StoredName.of(name));
    }
}
