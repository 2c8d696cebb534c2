package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.testing.MemoryStorage;
import org.kvmbeans.block.testing.RecordingStorage;
import org.kvmbeans.virtio.testdriver.Mutations;

/** Headers that nobody may believe are refused, in words; those that are written can be read after a power cut. */
class HeaderRulesTest {
    private static final int CLUSTER = 4096;

    @Test
    void refusesWhatIsNoQcow2Image() {
        assertRefused(b -> b.putInt(0, 0), Kind.UNSUPPORTED, "does not begin as a qcow2 image");
        assertRefused(b -> b.putInt(4, 1), Kind.UNSUPPORTED, "version 1; 2 and 3 are offered");
    }

    @Test
    void refusesClustersOutOfRange() {
        assertRefused(b -> b.putInt(20, 8), Kind.UNSUPPORTED, "2^8 bytes; 2^9 to 2^21");
        assertRefused(b -> b.putInt(20, 22), Kind.UNSUPPORTED, "2^22");
        assertRefused(b -> b.putInt(20, -1), Kind.UNSUPPORTED, "2^4294967295");
    }

    @Test
    void refusesTablesBeyondTheirBounds() {
        assertRefused(
                b -> b.putInt(36, 1 << 30), Kind.CORRUPT, "active L1 table has 1073741824 entries; at most 4194304");
        assertRefused(b -> b.putLong(40, 1000), Kind.CORRUPT, "active L1 table lies at byte 1000");
        assertRefused(b -> b.putLong(40, 0), Kind.CORRUPT, "behind the first");
        assertRefused(b -> b.putLong(40, -4096), Kind.CORRUPT, "active L1 table lies at byte 18446744073709547520");
        assertRefused(b -> b.putInt(56, -1), Kind.CORRUPT, "refcount table has 4294967295 clusters");
        assertRefused(b -> b.putInt(60, 65_537), Kind.CORRUPT, "snapshot table has 65537 entries; at most 65536");
        assertRefused(b -> b.putInt(36, 0), Kind.CORRUPT, "has 0 entries; the size of its disk needs 1");
    }

    @Test
    void refusesDisksBeyondTheirTables() {
        assertRefused(b -> b.putLong(24, -1), Kind.CORRUPT, "18446744073709551615 bytes; with its clusters, at most");
    }

    @Test
    void refusesHeadersBeyondTheirCluster() {
        assertRefused(
                b -> b.putInt(100, 96), Kind.CORRUPT, "96 bytes; it must be a multiple of 8 from 104 to the 4096");
        assertRefused(b -> b.putInt(100, 5000), Kind.CORRUPT, "5000 bytes");
        assertRefused(b -> b.putInt(100, 109), Kind.CORRUPT, "109 bytes");
        assertRefused(
                b -> b.putInt(HeaderParser.KNOWN_V3_BYTES, 7).putInt(HeaderParser.KNOWN_V3_BYTES + 4, 5000),
                Kind.CORRUPT,
                "0x7 has 5000 bytes; only");
    }

    @Test
    void refusesNamesThatAreNone() {
        assertRefused(b -> b.putLong(8, 50).putInt(16, 5), Kind.CORRUPT, "begins at byte 50; it must lie behind");
        assertRefused(b -> b.putLong(8, 2048).putInt(16, 1024), Kind.CORRUPT, "has 1024 bytes; it may have 1023");
        assertRefused(b -> b.putLong(8, 4090).putInt(16, 10), Kind.CORRUPT, "must end within the first cluster");
        assertRefused(b -> b.putLong(8, 2048).putInt(16, 3), Kind.CORRUPT, "has a byte 0 in it");
        assertRefused(b -> b.putLong(8, 2048).putInt(16, 1).put(2048, (byte) 0xFF), Kind.UNSUPPORTED, "not UTF-8");
    }

    @Test
    void refusesUnknownFeaturesByTheirNames() {
        assertRefused(
                b -> {
                    b.putLong(72, 1L << 5 | 1L << 63);
                    int at = HeaderParser.KNOWN_V3_BYTES;
                    b.putInt(at, HeaderExtension.FEATURE_NAMES).putInt(at + 4, 48);
                    b.put(at + 8, (byte) 0).put(at + 9, (byte) 5);
                    b.put(at + 10, "warp drive".getBytes(StandardCharsets.UTF_8));
                },
                Kind.UNSUPPORTED,
                "features that are not offered: warp drive (bit 5), bit 63");
    }

    @Test
    void refusesFeaturesThatContradictTheirFields() {
        assertRefused(b -> b.putLong(72, 8), Kind.CORRUPT, "compression type is zlib, which contradicts");
        assertRefused(b -> b.put(104, (byte) 1), Kind.CORRUPT, "compression type is zstd, which contradicts");
        assertRefused(b -> b.put(104, (byte) 2), Kind.UNSUPPORTED, "compressed by type 2");
        assertRefused(b -> b.putLong(72, 16), Kind.CORRUPT, "extended L2 entries with clusters of 2^12");
        assertRefused(b -> b.putInt(96, 7), Kind.CORRUPT, "2^7 bits; at most 2^6");
        assertRefused(b -> b.putInt(32, 3), Kind.UNSUPPORTED, "method 3");
        assertRefused(b -> b.putInt(32, 2), Kind.CORRUPT, "does not say where the LUKS header lies");
        assertRefused(b -> b.putLong(88, 2), Kind.CORRUPT, "not that it has a data file");
    }

    @Test
    void corruptImageOpensReadOnly() throws IOException {
        Qcow2Header header = sample().with(Feature.CORRUPT);
        header.requireUsable("image", Access.READ_ONLY, 1 << 20);
        assertThatThrownBy(() -> header.requireUsable("image", Access.READ_WRITE, 1 << 20))
                .hasMessageContaining("marked corrupt and may only be read; repair it");
    }

    @Test
    void refusesL1TableBeyondTheFile() {
        assertThatThrownBy(() -> sample().requireUsable("image", Access.READ_ONLY, 3 * CLUSTER))
                .hasMessageContaining("active L1 table at byte 12288 lies beyond the end of the file, 12288");
    }

    @Test
    void keepsWhatItDoesNotKnow() throws IOException {
        byte[] image = image(b -> {
            b.putLong(80, 1L << 40).putLong(88, 1L << 41).putInt(100, 120).putLong(112, 0x1122334455667788L);
            b.putInt(120, 0xABCD).putInt(124, 5).put(128, new byte[] {1, 2, 3, 4, 5});
        });
        MemoryStorage storage = new MemoryStorage(image);
        Qcow2HeaderFile file = Qcow2HeaderFile.open(TestImages.POSIX, storage);
        assertThat(file.header().extensions().unknown())
                .containsExactly(new HeaderExtension(0xABCD, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5})));

        file.replace(file.header().withBacking(new BackingReference("below.qcow2", "qcow2")));

        Qcow2Header again = Qcow2HeaderFile.open(TestImages.POSIX, storage).header();
        assertThat(again).isEqualTo(file.header());
        assertThat(again.unknownFields().getLong(0)).isEqualTo(0x1122334455667788L);
        assertThat(again.features()).isEqualTo(new Features(0, 1L << 40, 1L << 41));
        assertThat(again.forWriting().features()).isEqualTo(new Features(0, 1L << 40, 0));
    }

    @Test
    void bitmapsThatWereNotKeptUpAreNotReliedOn() throws IOException {
        Qcow2Header header = sample().withExtensions(
                        HeaderExtensions.NONE.withBitmaps(new BitmapDirectoryPointer(1, 2 * CLUSTER, 32)));

        assertThat(header.consistentBitmaps()).isNull();
        assertThat(header.forWriting().extensions().bitmaps()).isNull();
        Qcow2Header consistent = header.with(Feature.BITMAPS);
        assertThat(consistent.forWriting()).isEqualTo(consistent);
    }

    @Test
    void powerCutLeavesOneHeaderOrTheOther() throws IOException {
        RecordingStorage storage = new RecordingStorage(image(b -> {}));
        Qcow2HeaderFile file = Qcow2HeaderFile.open(TestImages.POSIX, storage);
        Qcow2Header first = file.header();
        Qcow2Header last = first;
        java.util.Set<Qcow2Header> written = new java.util.HashSet<>(List.of(first));
        String[] names = {"a".repeat(900), "b".repeat(30), "c".repeat(1000), "d".repeat(400)};
        for (String name : names) {
            last = last.withBacking(new BackingReference(name, "raw")).withSize(last.sizeBytes() + 512);
            file.replace(last);
            written.add(last);
        }
        last = last.withBacking(null).with(Feature.DIRTY);
        file.replace(last);
        written.add(last);

        storage.cuts(20, cut -> assertThat(written).contains(header(cut)));
        assertThat(header(storage.bytes())).isEqualTo(last);
    }

    /** Any bytes: a header is refused, or it can be written and is the same when it is read again. */
    static void target(byte[] input) {
        try {
            MemoryStorage storage = new MemoryStorage(input);
            Qcow2HeaderFile file = Qcow2HeaderFile.open(TestImages.POSIX, storage);
            Qcow2Header next = file.header().withSnapshotTable(new TablePointer(1L << 30, 1));
            file.replace(next);
            assertThat(Qcow2HeaderFile.open(TestImages.POSIX, storage).header()).isEqualTo(next);
        } catch (DiskImageException e) {
            assertThat(e.kind()).isIn(Kind.CORRUPT, Kind.UNSUPPORTED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void mutations() throws IOException {
        byte[] plain = image(b -> {});
        MemoryStorage named = new MemoryStorage(plain);
        Qcow2HeaderFile file = Qcow2HeaderFile.open(TestImages.POSIX, named);
        file.replace(file.header()
                .withBacking(new BackingReference("below", "raw"))
                .withCrypt(CryptMethod.LUKS, new EncryptionHeader(4 * CLUSTER, 5000))
                .with(Feature.BITMAPS));
        Mutations.run(
                List.of(java.util.Arrays.copyOf(plain, 700), java.util.Arrays.copyOf(named.bytes(), 700)),
                5000,
                HeaderRulesTest::target);
    }

    @FuzzTest(maxDuration = "1m")
    void fuzz(byte[] input) {
        target(input);
    }

    private static Qcow2Header sample() throws IOException {
        return header(image(b -> {}));
    }

    private static Qcow2Header header(byte[] image) throws IOException {
        return Qcow2HeaderFile.open(TestImages.POSIX, new MemoryStorage(image)).header();
    }

    /** An image of version 3 without extensions, changed. */
    private static byte[] image(Consumer<ByteBuffer> change) throws IOException {
        Qcow2Header header = Qcow2Header.of(3, new Qcow2Layout(12, 4, false), 1 << 20)
                .withRefcountTable(new TablePointer(CLUSTER, 1))
                .withL1Table(new TablePointer(3 * CLUSTER, 1));
        byte[] image = new byte[5 * CLUSTER];
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.put(HeaderEncoder.encode("image", header, 0, 0).bytes());
        bytes.put(HeaderParser.KNOWN_V3_BYTES, new byte[400]);
        change.accept(bytes);
        return image;
    }

    private static void assertRefused(Consumer<ByteBuffer> change, Kind kind, String words) {
        assertThatThrownBy(() -> header(image(change)))
                .isInstanceOf(DiskImageException.class)
                .hasMessageContaining(words)
                .extracting(e -> ((DiskImageException) e).kind())
                .isEqualTo(kind);
    }
}
