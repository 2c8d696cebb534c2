package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.block.nbd.NbdClientOptions;
import org.kvmbeans.block.nbd.NbdExport;
import org.kvmbeans.block.nbd.NbdServer;
import org.kvmbeans.block.nbd.NbdServerOptions;
import org.kvmbeans.block.qcow2.CompressionType;
import org.kvmbeans.block.qcow2.Qcow2Options;

/** Operations on files of every format, with QEMU's tools as the judge. */
class Qcow2TasksTest extends TaskTest {
    private static final String PASSPHRASE = "open sesame";

    private final DiskImages images = new DiskImages(Memory.POSIX, NbdClientOptions.DEFAULT);
    private final OpenOptions options = new OpenOptions(
            Access.READ_WRITE,
            CacheMode.WRITEBACK,
            ImageRules.ANY,
            image -> PASSPHRASE.getBytes(StandardCharsets.UTF_8));

    private Path path(String name) {
        return directory.resolve(name);
    }

    private DiskImage open(String name, DiskFormat format, Access access) throws IOException {
        return images.open(path(name).toString(), format, options.withAccess(access));
    }

    private Qcow2Maker maker(Qcow2Options format, Qcow2Maker.Clusters clusters) {
        return new Qcow2Maker(Memory.POSIX, images, options, format, clusters);
    }

    private Qcow2Maker over(String backing) {
        return maker(
                Qcow2Options.DEFAULT.withBacking(new BackingReference(backing, "qcow2")), Qcow2Maker.Clusters.PLAIN);
    }

    /** A raw file with data, zeros and holes. */
    private byte[] raw(String name, long seed) throws IOException {
        Random random = new Random(seed);
        byte[] contents = new byte[SIZE];
        for (int at = 0; at < SIZE; ) {
            int length = Math.min(SIZE - at, (random.nextInt(60) + 1) * 4096);
            if (random.nextInt(3) > 0) {
                byte[] data = Memory.random(length, at + seed);
                if (random.nextBoolean()) {
                    Arrays.fill(data, 512, length, (byte) at);
                }
                System.arraycopy(data, 0, contents, at, length);
            }
            at += length;
        }
        Files.write(path(name), contents);
        return contents;
    }

    private void convertFromRaw(String source, ImageMaker to, String target) throws IOException {
        try (DiskImage image = open(source, DiskFormat.RAW, Access.READ_ONLY)) {
            new Conversion(means, to, NewImage.Existing.REFUSE).run(image, path(target), Progress.NONE);
        }
    }

    /** QEMU finds that an image is in order and shows what a raw file holds. */
    private void judge(String raw, String image) throws Exception {
        tool("qemu-img", "check", "-f", "qcow2", path(image).toString());
        String answer = tool(
                "qemu-img",
                "compare",
                "-f",
                "raw",
                "-F",
                "qcow2",
                path(raw).toString(),
                path(image).toString());
        assertThat(answer).contains("identical");
    }

    @ParameterizedTest
    @CsvSource({
        "PLAIN, 65536, ZLIB",
        "PLAIN, 4096, ZLIB",
        "PLAIN, 2097152, ZLIB",
        "COMPRESSED, 65536, ZLIB",
        "COMPRESSED, 65536, ZSTD",
        "COMPRESSED, 4096, ZSTD",
        "COMPRESSED, 2097152, ZLIB"
    })
    void qemuReadsWhatIsConverted(Qcow2Maker.Clusters clusters, int clusterBytes, CompressionType compression)
            throws Exception {
        raw("source.raw", clusterBytes);
        Qcow2Options format =
                Qcow2Options.DEFAULT.withClusters(clusterBytes, false).withCompression(compression);
        convertFromRaw("source.raw", maker(format, clusters), "target.qcow2");
        judge("source.raw", "target.qcow2");
        assertThat(files()).containsExactly("source.raw", "target.qcow2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-c"})
    void whatQemuConvertsIsConvertedBack(String option) throws Exception {
        byte[] contents = raw("source.raw", 5);
        String[] command = option.isEmpty()
                ? new String[] {
                    "qemu-img",
                    "convert",
                    "-O",
                    "qcow2",
                    path("source.raw").toString(),
                    path("theirs.qcow2").toString()
                }
                : new String[] {
                    "qemu-img",
                    "convert",
                    option,
                    "-O",
                    "qcow2",
                    path("source.raw").toString(),
                    path("theirs.qcow2").toString()
                };
        tool(command);
        try (DiskImage image = open("theirs.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
            new Conversion(means, raw, NewImage.Existing.REFUSE).run(image, path("back.raw"), Progress.NONE);
        }
        assertThat(fileContents(path("back.raw"))).isEqualTo(contents);
    }

    @Test
    void encryptedImagesAreMadeAndRead() throws Exception {
        byte[] contents = raw("source.raw", 6);
        LuksOptions quick = new LuksOptions(LuksOptions.DEFAULT.cipher(), LuksOptions.DEFAULT.hash(), 1);
        convertFromRaw("source.raw", new LuksMaker(Memory.POSIX, options, quick), "target.luks");
        try (DiskImage image = open("target.luks", DiskFormat.LUKS, Access.READ_ONLY)) {
            assertThat(Memory.contents(image)).isEqualTo(contents);
        }
        tool(
                "qemu-img",
                "convert",
                "--object",
                "secret,id=s,data=" + PASSPHRASE,
                "--image-opts",
                "driver=luks,key-secret=s,file.filename=" + path("target.luks"),
                "-O",
                "raw",
                path("theirs.raw").toString());
        assertThat(fileContents(path("theirs.raw"))).isEqualTo(contents);
    }

    @Test
    void encryptedQcow2IsMadeAndRead() throws Exception {
        byte[] contents = raw("source.raw", 6);
        LuksOptions quick = new LuksOptions(LuksOptions.DEFAULT.cipher(), LuksOptions.DEFAULT.hash(), 1);
        Qcow2Options format = Qcow2Options.DEFAULT.withEncryption(Qcow2Maker.encryption(Memory.POSIX, quick));
        convertFromRaw("source.raw", maker(format, Qcow2Maker.Clusters.PLAIN), "target.qcow2");
        try (DiskImage image = open("target.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
            assertThat(Memory.contents(image)).isEqualTo(contents);
        }
        assertThat(tool(
                        "qemu-img",
                        "compare",
                        "--object",
                        "secret,id=s,data=" + PASSPHRASE,
                        "--image-opts",
                        "driver=raw,file.filename=" + path("source.raw"),
                        "driver=qcow2,encrypt.key-secret=s,file.filename=" + path("target.qcow2")))
                .contains("identical");
    }

    @Test
    void exportsOfOtherHostsAreSourcesAndTargets() throws Exception {
        byte[] contents = raw("source.raw", 11);
        MemoryImage remote = new MemoryImage("remote", SIZE);
        try (NbdServer server = NbdServer.start(Memory.POSIX, NbdServerOptions.onLoopback())) {
            server.export(new NbdExport("disk", remote, Access.READ_WRITE));
            String uri = server.uri("disk").toString();
            SwitchableImage disk = new SwitchableImage("vda", open("source.raw", DiskFormat.RAW, Access.READ_WRITE));
            Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
            mirror.end(Mirror.Ending.SWITCH);
            mirror.run(CopyTarget.open(images.open(uri, DiskFormat.RAW, options), 4096), Progress.NONE);
            Memory.write(disk, 8192, Memory.random(4096, 5));
            System.arraycopy(Memory.random(4096, 5), 0, contents, 8192, 4096);
            disk.flush();
            disk.close();
            try (DiskImage image = images.open(uri, DiskFormat.RAW, options.withAccess(Access.READ_ONLY))) {
                new Conversion(means, raw, NewImage.Existing.REFUSE).run(image, path("back.raw"), Progress.NONE);
            }
        }
        assertThat(Memory.contents(remote)).isEqualTo(contents);
        assertThat(fileContents(path("back.raw"))).isEqualTo(contents);
    }

    @Test
    void qcow2LiesInAnExportOfAnotherHost() throws Exception {
        byte[] contents = raw("source.raw", 12);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "inner.qcow2");
        try (DiskImage file = open("inner.qcow2", DiskFormat.RAW, Access.READ_WRITE);
                NbdServer server = NbdServer.start(Memory.POSIX, NbdServerOptions.onLoopback())) {
            server.export(new NbdExport("disk", file, Access.READ_WRITE));
            String uri = server.uri("disk").toString();
            try (DiskImage image = images.open(uri, DiskFormat.QCOW2, options)) {
                Memory.write(image, 0, Memory.random(4096, 5));
                System.arraycopy(Memory.random(4096, 5), 0, contents, 0, 4096);
                assertThat(Memory.contents(image)).isEqualTo(contents);
            }
        }
        Files.write(path("model.raw"), contents);
        judge("model.raw", "inner.qcow2");
    }

    @Test
    void passphraseOfANewImageIsAskedForByItsName() throws Exception {
        raw("source.raw", 6);
        SecretSource byName = image -> {
            assertThat(image).isEqualTo(path("target.luks").toString());
            return PASSPHRASE.getBytes(StandardCharsets.UTF_8);
        };
        OpenOptions named = new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK, ImageRules.ANY, byName);
        LuksOptions quick = new LuksOptions(LuksOptions.DEFAULT.cipher(), LuksOptions.DEFAULT.hash(), 1);
        convertFromRaw("source.raw", new LuksMaker(Memory.POSIX, named, quick), "target.luks");
        assertThat(files()).contains("target.luks");
    }

    @Test
    void overlayHoldsOnlyWhatDiffers() throws Exception {
        byte[] contents = raw("source.raw", 7);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "base.qcow2");
        byte[] changed = contents.clone();
        System.arraycopy(Memory.random(4096, 1), 0, changed, 1 << 20, 4096);
        Arrays.fill(changed, 2 << 20, (2 << 20) + (256 << 10), (byte) 0);
        Files.write(path("changed.raw"), changed);
        convertFromRaw("changed.raw", over("base.qcow2"), "top.qcow2");
        judge("changed.raw", "top.qcow2");
        try (DiskImage image = open("top.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
            assertThat(image.allocatedBytes()).isLessThan(1 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void snapshotsStreamsCommitsAndMirrorsBesideWriters(long seed) throws Exception {
        raw("source.raw", seed);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "base.qcow2");
        byte[] model;
        try (SwitchableImage disk =
                        new SwitchableImage("vda", open("base.qcow2", DiskFormat.QCOW2, Access.READ_WRITE));
                Writers writers = new Writers(disk, seed).start()) {
            snapshot(disk, "one.qcow2", "base.qcow2");
            snapshot(disk, "two.qcow2", "one.qcow2");
            snapshot(disk, "three.qcow2", "two.qcow2");
            // three over two over one over base: two goes down into one by way of three, the rest up.
            commit(disk, "two.qcow2");
            assertThat(Objects.requireNonNull(((LayeredImage) disk.use(image -> image)).backingReference())
                            .path())
                    .isEqualTo("one.qcow2");
            new Streaming(means, disk).run(null, Progress.NONE);
            mirror(disk, "mirrored.qcow2");
            model = writers.stop();
            assertThat(Memory.contents(disk)).isEqualTo(model);
        }
        Files.write(path("model.raw"), model);
        judge("model.raw", "mirrored.qcow2");
        tool("qemu-img", "check", "-f", "qcow2", path("one.qcow2").toString());
        tool("qemu-img", "check", "-f", "qcow2", path("two.qcow2").toString());
    }

    private void snapshot(SwitchableImage disk, String overlay, String below) throws IOException {
        new OverlaySnapshot(disk)
                .run(
                        over(below),
                        path(overlay),
                        NewImage.Existing.REFUSE,
                        (path, backing) -> images.openOver(path.toString(), DiskFormat.QCOW2, options, backing));
    }

    private void commit(SwitchableImage disk, String below) throws IOException {
        new Commit(means, disk).run(access -> open(below, DiskFormat.QCOW2, access), 65536, Progress.NONE);
    }

    private void mirror(SwitchableImage disk, String target) throws Exception {
        Qcow2Maker maker = maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN);
        Mirror mirror = new Mirror(means, disk, Mirror.Scope.FULL);
        Future<?> running = threads.submit(() -> {
            mirror.run(maker, path(target), NewImage.Existing.REFUSE, maker::open, Progress.NONE);
            return mirror;
        });
        mirror.await(Mirror.State.READY);
        mirror.end(Mirror.Ending.SWITCH);
        running.get();
    }

    @Test
    void imageBelowASnapshotIsReadByOthers() throws Exception {
        raw("source.raw", 4);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "base.qcow2");
        try (SwitchableImage disk =
                new SwitchableImage("vda", open("base.qcow2", DiskFormat.QCOW2, Access.READ_WRITE))) {
            snapshot(disk, "top.qcow2", "base.qcow2");
            try (DiskImage again = open("base.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
                assertThat(Memory.contents(again)).isEqualTo(fileContents(path("source.raw")));
            }
        }
        judge("source.raw", "base.qcow2");
    }

    @Test
    void rebasedImageShowsTheSameToQemu() throws Exception {
        raw("one.raw", 1);
        raw("two.raw", 2);
        byte[] mixed = raw("top.raw", 1);
        System.arraycopy(Memory.random(1 << 20, 3), 0, mixed, 1 << 20, 1 << 20);
        Files.write(path("top.raw"), mixed);
        convertFromRaw("one.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "one.qcow2");
        convertFromRaw("two.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "two.qcow2");
        convertFromRaw("top.raw", over("one.qcow2"), "top.qcow2");
        try (LayeredImage top = (LayeredImage) open("top.qcow2", DiskFormat.QCOW2, Access.READ_WRITE)) {
            new Rebase(means, Rebase.Contents.KEPT)
                    .run(
                            top,
                            new BackingReference("two.qcow2", "qcow2"),
                            open("two.qcow2", DiskFormat.QCOW2, Access.READ_ONLY),
                            Progress.NONE);
        }
        judge("top.raw", "top.qcow2");
        assertThat(tool("qemu-img", "info", path("top.qcow2").toString())).contains("two.qcow2");
    }

    @Test
    void comparesAsQemuDoes() throws Exception {
        raw("source.raw", 8);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.COMPRESSED), "same.qcow2");
        try (DiskImage source = open("source.raw", DiskFormat.RAW, Access.READ_ONLY);
                DiskImage same = open("same.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
            assertThat(new Comparison(means, Comparison.Strictness.CONTENTS)
                            .run(source, same, Progress.NONE)
                            .verdict())
                    .isEqualTo(Comparison.Verdict.IDENTICAL);
        }
    }

    @Test
    void mapIsWhatQemuMaps() throws Exception {
        raw("source.raw", 9);
        convertFromRaw("source.raw", maker(Qcow2Options.DEFAULT, Qcow2Maker.Clusters.PLAIN), "base.qcow2");
        tool(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                "base.qcow2",
                "-F",
                "qcow2",
                path("top.qcow2").toString(),
                "6M");
        tool(
                "qemu-io",
                "-f",
                "qcow2",
                "-c",
                "write 64k 128k",
                "-c",
                "write -z 1M 256k",
                "-c",
                "write 5M 64k",
                path("top.qcow2").toString());
        StringBuilder ours = new StringBuilder();
        try (DiskImage image = open("top.qcow2", DiskFormat.QCOW2, Access.READ_ONLY)) {
            ImageMap.writeJson(image, ours, Progress.NONE);
        }
        String theirs =
                tool("qemu-img", "map", "--output=json", path("top.qcow2").toString());
        assertThat(ours.toString()).isEqualTo(theirs);
    }
}
