package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.virtio.testdriver.Mutations;

/** Snapshot tables are read as QEMU writes them, and written as they were read. */
class SnapshotTableTest {
    private static final int CLUSTER = 512;

    @TempDir
    Path directory;

    @Test
    void readsWhatQemuWrites() throws IOException {
        Path image = directory.resolve("a.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", image, "10M");
        QemuTool.img("snapshot", "-c", "größer", image);
        QemuTool.img("resize", "-q", image, "20M");
        QemuTool.img("snapshot", "-c", "b", image);
        JsonNode theirs = QemuTool.json("info", "--output=json", image).get("snapshots");

        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            Qcow2Header header = Qcow2HeaderFile.open(TestImages.POSIX, storage).header();
            List<Snapshot> snapshots =
                    SnapshotTable.read(TestImages.POSIX, storage, header).snapshots();

            assertThat(snapshots).extracting(s -> s.name().text()).containsExactly("größer", "b");
            assertThat(snapshots).extracting(Snapshot::diskBytes).containsExactly(10L << 20, 20L << 20);
            for (int i = 0; i < 2; i++) {
                assertThat(snapshots.get(i).id().text())
                        .isEqualTo(theirs.get(i).get("id").asText());
                assertThat(snapshots.get(i).takenSeconds())
                        .isEqualTo(theirs.get(i).get("date-sec").asLong());
                assertThat(snapshots.get(i).takenNanos())
                        .isEqualTo(theirs.get(i).get("date-nsec").asInt());
                snapshots.get(i).requireUsable("image", header);
            }
        }
    }

    @Test
    void keepsExtraDataThatItDoesNotKnow() throws IOException {
        List<Snapshot> snapshots =
                List.of(snapshot("1", "x", 5L << 32, new byte[] {9, 8, 7}), snapshot("2", "", 3, new byte[0]));
        ByteBuffer table = SnapshotTable.encode(snapshots, 1 << 20);

        SnapshotTable read = read(table, 2);

        assertThat(read.snapshots()).isEqualTo(snapshots);
        assertThat(read.storedBytes()).isEqualTo(table.capacity());
        // A state of more than 32 bits is none to those who know 32 bits alone.
        assertThat(table.getInt(32)).isZero();
    }

    @Test
    void refusesTableBeyondTheFile() {
        ByteBuffer table = SnapshotTable.encode(List.of(snapshot("1", "x", 0, new byte[0])), 1 << 20);
        assertThatThrownBy(() -> read(table, 3))
                .isInstanceOf(DiskImageException.class)
                .hasMessageContaining("snapshot table at byte 512 goes on beyond byte");
    }

    @Test
    void refusesMoreExtraDataThanMayBe() {
        ByteBuffer table = SnapshotTable.encode(List.of(snapshot("1", "x", 0, new byte[0])), 1 << 20);
        table.putInt(36, 1025);
        assertThatThrownBy(() -> read(table, 1)).hasMessageContaining("1025 bytes of extra data; at most 1024");
    }

    @Test
    void refusesL1TableThatIsTooSmallForItsDisk() {
        Snapshot snapshot = snapshot("1", "x", 0, new byte[0]);
        assertThatThrownBy(() -> snapshot.requireUsable("image", header(1)))
                .hasMessageContaining("snapshot 1 has an L1 table of 2 entries, too few for its disk of 1048576 bytes");
    }

    @Test
    void mutations() {
        byte[] seed = SnapshotTable.encode(
                        List.of(snapshot("1", "x", 5, new byte[] {9}), snapshot("2", "yy", 3, new byte[0])), 1 << 20)
                .array();
        Mutations.run(List.of(seed), 5000, input -> {
            try {
                SnapshotTable table = read(ByteBuffer.wrap(input), 2);
                ByteBuffer again = SnapshotTable.encode(table.snapshots(), 1 << 20);
                assertThat(read(again, 2).snapshots()).hasSameSizeAs(table.snapshots());
            } catch (DiskImageException e) {
                assertThat(e.kind()).isEqualTo(DiskImageException.Kind.CORRUPT);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private static SnapshotTable read(ByteBuffer table, int count) throws IOException {
        byte[] image = new byte[CLUSTER + table.capacity()];
        table.get(0, image, CLUSTER, table.capacity());
        return SnapshotTable.read(TestImages.POSIX, new MemoryStorage(image), header(count));
    }

    private static Qcow2Header header(int snapshots) {
        return Qcow2Header.of(3, new Qcow2Layout(9, 4, false), 1 << 20)
                .withSnapshotTable(new TablePointer(CLUSTER, snapshots));
    }

    private static Snapshot snapshot(String id, String name, long vmStateBytes, byte[] extra) {
        return new Snapshot(
                StoredName.of(id),
                StoredName.of(name),
                new TablePointer(1024, 2),
                0xFFFF_FFFFL,
                5,
                -7,
                vmStateBytes,
                1 << 20,
                -1,
                ByteBuffer.wrap(extra));
    }
}
