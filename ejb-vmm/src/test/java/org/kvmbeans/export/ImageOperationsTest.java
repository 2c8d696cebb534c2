package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageSnapshot;
import org.kvmbeans.mbeans.JobMXBean;
import org.kvmbeans.mbeans.JobState;
import org.kvmbeans.mbeans.ObjectNames;

/** The operations on images of a pool, judged by QEMU's tools. */
class ImageOperationsTest {
    private static final String POOL = "default";
    private static final long SIZE = 8 << 20;

    @TempDir
    Path folder;

    private HostFixture host;

    @BeforeEach
    void open() throws IOException {
        host = new HostFixture(folder.resolve("home"));
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Path file(String name) {
        return folder.resolve("home/disks").resolve(name);
    }

    private JobMXBean done(ObjectName job) throws InterruptedException {
        return host.completed(job);
    }

    private void create(String name, String format, long bytes, String options) throws InterruptedException {
        done(host.pool(POOL).create(name, format, bytes, options));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as(String.join(" ", command) + ": " + said)
                .isZero();
        return said;
    }

    private void assertSame(String name, String format, String other, String otherFormat) throws Exception {
        run(
                "qemu-img",
                "compare",
                "-f",
                format,
                "-F",
                otherFormat,
                file(name).toString(),
                file(other).toString());
    }

    private void write(String name, String format, String... commands) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        for (String each : commands) {
            command.add("-c");
            command.add(each);
        }
        command.add(file(name).toString());
        run(command.toArray(String[]::new));
        host.pool(POOL).refresh();
    }

    private void rawWithData(String name) throws Exception {
        create(name, "raw", SIZE, "");
        byte[] bytes = new byte[1 << 20];
        new Random(1).nextBytes(bytes);
        try (FileChannel channel = FileChannel.open(file(name), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), 3 << 20);
        }
        host.pool(POOL).refresh();
    }

    @Test
    void createsQcow2ImagesThatQemuAccepts() throws Exception {
        create("a.qcow2", "qcow2", SIZE, "{\"cluster\":\"128KiB\",\"refcountBits\":8,\"lazyRefcounts\":true}");

        assertThat(host.image(POOL, "a.qcow2").getSizeBytes()).isEqualTo(SIZE);
        assertThat(host.image(POOL, "a.qcow2").getClusterBytes()).isEqualTo(128 << 10);
        assertThat(host.image(POOL, "a.qcow2").getLastError()).isEmpty();
        assertThat(run("qemu-img", "info", "-f", "qcow2", file("a.qcow2").toString()))
                .contains("cluster_size: 131072", "lazy refcounts: true", "refcount bits: 8");
        run("qemu-img", "check", "-f", "qcow2", file("a.qcow2").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"cluster\":\"100KiB\"}",
                "{\"clusterBytes\":65536}",
                "{\"version\":2,\"extendedL2\":true}",
                "{\"refcountBits\":5}",
                "{\"backing\":\"base.qcow2\"}",
                "{\"backing\":\"default/none.qcow2\"}",
                "{\"compression\":\"lzma\"}"
            })
    void refusesOptionsThatNoImageHas(String options) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).create("a.qcow2", "qcow2", SIZE, options));
        assertThat(host.pool(POOL).getImages()).isEmpty();
    }

    @Test
    void convertsToAndFro() throws Exception {
        rawWithData("a.raw");
        JobMXBean job = done(host.image(POOL, "a.raw").convert(POOL, "b.qcow2", "qcow2", ""));
        done(host.image(POOL, "b.qcow2").convert(POOL, "c.raw", "raw", ""));

        assertThat(job.getTarget()).isEqualTo(ObjectNames.image(POOL, "b.qcow2"));
        assertThat(job.getTotalBytes()).isPositive();
        assertSame("a.raw", "raw", "b.qcow2", "qcow2");
        assertThat(Files.mismatch(file("a.raw"), file("c.raw"))).isEqualTo(-1);
        run("qemu-img", "check", "-f", "qcow2", file("b.qcow2").toString());
    }

    @Test
    void showsTheChainOfAnOverlayAndKeepsWhatLiesBelow() throws Exception {
        rawWithData("base.raw");
        create("mid.qcow2", "qcow2", 0, "{\"backing\":\"default/base.raw\"}");
        create("top.qcow2", "qcow2", 0, "{\"backing\":\"default/mid.qcow2\"}");

        assertThat(host.image(POOL, "top.qcow2").getBackingChain())
                .extracting(ImageLayer::path)
                .containsExactly(
                        file("top.qcow2").toString(),
                        file("mid.qcow2").toString(),
                        file("base.raw").toString());
        assertSame("base.raw", "raw", "top.qcow2", "qcow2");
        host.pool(POOL).refresh();
        assertThat(host.image(POOL, "base.raw").getUsers())
                .containsExactlyInAnyOrder("image default/mid.qcow2", "image default/top.qcow2");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.image(POOL, "base.raw").delete())
                .withMessageContaining("image default/mid.qcow2");
        assertThatIllegalStateException()
                .isThrownBy(() -> host.image(POOL, "mid.qcow2").resize(2 * SIZE))
                .withMessageContaining("default/top.qcow2 lie on it");
    }

    @Test
    void commitsStreamsAndRebases() throws Exception {
        rawWithData("base.raw");
        create("top.qcow2", "qcow2", 0, "{\"backing\":\"default/base.raw\"}");
        write("top.qcow2", "qcow2", "write -P 7 1M 64k", "write -P 9 5M 1M");
        done(host.image(POOL, "top.qcow2").convert(POOL, "wanted.raw", "raw", ""));

        done(host.image(POOL, "top.qcow2").commit());
        assertSame("wanted.raw", "raw", "base.raw", "raw");
        assertSame("wanted.raw", "raw", "top.qcow2", "qcow2");

        create("other.raw", "raw", SIZE, "");
        done(host.image(POOL, "top.qcow2").rebase("default/other.raw", "KEEP"));
        assertThat(host.image(POOL, "top.qcow2").getBackingChain())
                .extracting(ImageLayer::path)
                .containsExactly(file("top.qcow2").toString(), file("other.raw").toString());
        assertSame("wanted.raw", "raw", "top.qcow2", "qcow2");

        done(host.image(POOL, "top.qcow2").stream());
        assertThat(host.image(POOL, "top.qcow2").getBackingChain()).hasSize(1);
        assertSame("wanted.raw", "raw", "top.qcow2", "qcow2");
        run("qemu-img", "check", "-f", "qcow2", file("top.qcow2").toString());
        host.image(POOL, "other.raw").delete();
    }

    @Test
    void findsAndRepairsLeaks() throws Exception {
        create("a.qcow2", "qcow2", SIZE, "");
        write("a.qcow2", "qcow2", "write 0 1M");
        assertThat(done(host.image(POOL, "a.qcow2").check()).getFigures()).containsEntry("leaks", 0L);

        // The L1 entry is dropped: all that it led to is leaked.
        try (FileChannel channel =
                FileChannel.open(file("a.qcow2"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer header = ByteBuffer.allocate(48);
            channel.read(header, 0);
            channel.write(ByteBuffer.allocate(8), header.getLong(40));
        }
        JobMXBean found = done(host.image(POOL, "a.qcow2").check());
        assertThat(found.getFigures()).containsEntry("leaks", 17L);
        assertThat(found.getResult()).contains("17 leaked clusters");
        assertThat(done(host.image(POOL, "a.qcow2").repair("LEAKS")).getFigures())
                .containsEntry("leaksFixed", 17L);
        run("qemu-img", "check", "-f", "qcow2", file("a.qcow2").toString());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.image(POOL, "a.qcow2").repair("some"))
                .withMessageContaining("give LEAKS or ALL");
    }

    @Test
    void resizesComparesMeasuresAndMaps() throws Exception {
        rawWithData("a.raw");
        done(host.image(POOL, "a.raw").convert(POOL, "b.qcow2", "qcow2", ""));
        assertThat(done(host.image(POOL, "a.raw").compare(POOL, "b.qcow2")).getFigures())
                .containsEntry("identical", 1L);

        done(host.image(POOL, "b.qcow2").resize(2 * SIZE));
        assertThat(host.image(POOL, "b.qcow2").getSizeBytes()).isEqualTo(2 * SIZE);
        write("b.qcow2", "qcow2", "write -P 1 4M 512");
        JobMXBean differ = done(host.image(POOL, "a.raw").compare(POOL, "b.qcow2"));
        assertThat(differ.getFigures()).containsEntry("identical", 0L);
        assertThat(done(host.image(POOL, "a.raw").measure("qcow2", ""))
                        .getFigures()
                        .get("requiredBytes"))
                .isBetween(1L << 20, 2L << 20);
        assertThat(host.image(POOL, "b.qcow2").map(0, 100))
                .startsWith("[{ \"start\": 0, ")
                .contains("\"data\": true");
    }

    @Test
    void anImageThatLeadsOutOfItsPoolIsShownAndNotOpened() throws Exception {
        Path outside = Files.write(folder.resolve("secret.raw"), new byte[4096]);
        run(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                outside.toString(),
                "-F",
                "raw",
                file("evil.qcow2").toString());
        host.pool(POOL).register("evil.qcow2", "qcow2");

        assertThat(host.image(POOL, "evil.qcow2").getLastError())
                .contains("it leads to " + outside.toRealPath())
                .contains("none of the directories that its pool allows");
        JobMXBean job = host.job(host.image(POOL, "evil.qcow2").convert(POOL, "stolen.raw", "raw", ""));
        HostFixture.await("the job has ended", () -> job.getState().ended());
        assertThat(job.getState()).isEqualTo(JobState.FAILED);
        assertThat(job.getError()).contains("it leads to");
        assertThat(file("stolen.raw")).doesNotExist();

        host.bean().addPool("all", folder.resolve("all").toString(), 0, folder.toString());
        Files.move(file("evil.qcow2"), folder.resolve("all/fine.qcow2"));
        host.pool("all").register("fine.qcow2", "qcow2");
        assertThat(host.image("all", "fine.qcow2").getLastError()).isEmpty();
        done(host.image("all", "fine.qcow2").convert(POOL, "copy.raw", "raw", ""));
    }

    @Test
    void showsSnapshotsAndBitmapsThatQemuMade() throws Exception {
        run("qemu-img", "create", "-q", "-f", "qcow2", file("a.qcow2").toString(), "4M");
        run("qemu-img", "snapshot", "-c", "before upgrade", file("a.qcow2").toString());
        run("qemu-img", "bitmap", "--add", "-g", "64k", file("a.qcow2").toString(), "nightly");
        host.pool(POOL).register("a.qcow2", "qcow2");

        assertThat(host.image(POOL, "a.qcow2").getSnapshots())
                .singleElement()
                .returns("before upgrade", ImageSnapshot::name)
                .returns(4L << 20, ImageSnapshot::sizeBytes);
        assertThat(host.image(POOL, "a.qcow2").getDirtyBitmaps())
                .singleElement()
                .satisfies(bitmap -> {
                    assertThat(bitmap.name()).isEqualTo("nightly");
                    assertThat(bitmap.granularityBytes()).isEqualTo(64 << 10);
                    assertThat(bitmap.recording()).isTrue();
                });
    }

    @Test
    void anUploadThatIsNotWhatItIsSaidToBeIsRefused() throws Exception {
        JobMXBean job = host.job(host.pool(POOL).beginUpload("up.qcow2", "qcow2", 512));
        host.pool(POOL).appendUpload(job.getId(), 0, Base64.getEncoder().encodeToString(new byte[512]));

        assertThatIllegalStateException()
                .isThrownBy(() -> host.pool(POOL).finishUpload(job.getId()))
                .withMessageContaining("it is no usable qcow2 image");
        assertThat(job.getState()).isEqualTo(JobState.FAILED);
        assertThat(file("up.qcow2")).doesNotExist();
    }

    @Test
    void takesAppliesAndDeletesSnapshots() throws Exception {
        create("a.qcow2", "qcow2", SIZE, "");
        write("a.qcow2", "qcow2", "write -P 1 0 64k");
        done(host.image(POOL, "a.qcow2").createSnapshot("before"));
        write("a.qcow2", "qcow2", "write -P 2 0 64k");
        assertThat(host.image(POOL, "a.qcow2").getSnapshots())
                .extracting(ImageSnapshot::name)
                .containsExactly("before");

        done(host.image(POOL, "a.qcow2").applySnapshot("before"));
        write("a.qcow2", "qcow2", "read -P 1 0 64k");
        done(host.image(POOL, "a.qcow2").deleteSnapshot("before"));
        assertThat(host.image(POOL, "a.qcow2").getSnapshots()).isEmpty();
        run("qemu-img", "check", "-f", "qcow2", file("a.qcow2").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"qcow2", "luks"})
    void encryptsWithASecretWhoseKeysAreChanged(String format) throws Exception {
        rawWithData("a.raw");
        host.bean().defineSecret("one", "first passphrase");
        host.bean().defineSecret("two", "second passphrase");
        String name = "a." + format;
        done(host.image(POOL, "a.raw").convert(POOL, name, format, "{\"secret\":\"one\",\"iterationMillis\":10}"));

        assertThat(host.image(POOL, name).getEncryption()).isEqualTo(ImageEncryption.LUKS);
        assertThat(host.image(POOL, name).getSecret()).isEqualTo("one");
        assertThat(host.image(POOL, name).getKeySlots()).containsExactly(0);
        done(host.image(POOL, name).addKey("two"));
        assertThat(host.image(POOL, name).getKeySlots()).containsExactly(0, 1);
        host.image(POOL, name).useSecret("two");
        done(host.image(POOL, name).removeKey(0));
        assertThat(host.image(POOL, name).getKeySlots()).containsExactly(1);
        done(host.image(POOL, name).convert(POOL, "b.raw", "raw", ""));
        assertThat(Files.mismatch(file("a.raw"), file("b.raw"))).isEqualTo(-1);

        host.bean().removeSecret("two");
        JobMXBean job = host.job(host.image(POOL, name).convert(POOL, "c.raw", "raw", ""));
        HostFixture.await("the job has ended", () -> job.getState().ended());
        assertThat(job.getError()).contains("there is no secret \"two\"").doesNotContain("passphrase,");
    }

    @Test
    void refusesEncryptionWithoutASecretOrTogetherWithCompression() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).create("a.luks", "luks", SIZE, ""))
                .withMessageContaining("secret is missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).create("a.qcow2", "qcow2", SIZE, "{\"cipher\":\"aes-256\"}"))
                .withMessageContaining("secret is missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> host.pool(POOL).create("a.qcow2", "qcow2", SIZE, "{\"secret\":\"none\"}"))
                .withMessageContaining("there is none of that name");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        host.pool(POOL).create("a.qcow2", "qcow2", SIZE, "{\"secret\":\"none\",\"compressed\":true}"))
                .withMessageContaining("compressed or encrypted, not both");
    }

    @Test
    void compressesACopyWhereThatIsAskedFor() throws Exception {
        create("a.raw", "raw", SIZE, "");
        write("a.raw", "raw", "write -P 5 0 4M");
        done(host.image(POOL, "a.raw")
                .convert(POOL, "b.qcow2", "qcow2", "{\"compressed\":true,\"compression\":\"zstd\"}"));

        assertSame("a.raw", "raw", "b.qcow2", "qcow2");
        assertThat(host.image(POOL, "b.qcow2").getAllocatedBytes()).isLessThan(1 << 20);
    }

    @Test
    void offersADiskToOtherProgramsUntilItIsEnded() throws Exception {
        rawWithData("a.raw");
        String uri = host.image(POOL, "a.raw").startExport("127.0.0.1", 0, false);

        assertThat(host.image(POOL, "a.raw").getExportUri()).isEqualTo(uri);
        assertThat(run(
                        "qemu-img",
                        "info",
                        "--image-opts",
                        "driver=raw,file.driver=nbd,file.server.type=inet,file.server.host="
                                + URI.create(uri).getHost() + ",file.server.port="
                                + URI.create(uri).getPort() + ",file.export=a.raw"))
                .contains("virtual size: 8 MiB");
        assertThat(host.image(POOL, "a.raw").getUsers()).anyMatch(user -> user.endsWith("(EXPORT)"));
        assertThatIllegalStateException()
                .isThrownBy(() -> host.image(POOL, "a.raw").delete());
        host.image(POOL, "a.raw").stopExport();
        assertThat(host.image(POOL, "a.raw").getExportUri()).isEmpty();
        host.image(POOL, "a.raw").delete();
    }
}
