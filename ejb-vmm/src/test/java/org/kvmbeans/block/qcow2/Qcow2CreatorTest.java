package org.kvmbeans.block.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.block.testing.QemuTool;

/** New images are what QEMU would have made, over all pairs of options. */
class Qcow2CreatorTest {
    @TempDir
    Path directory;

    static Stream<OptionCombinations.Combination> combinations() {
        return OptionCombinations.all();
    }

    @BeforeEach
    void makeBackingFile() throws IOException {
        Files.write(directory.resolve("base.raw"), new byte[4096]);
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void isWhatQemuWouldHaveMade(OptionCombinations.Combination combination) throws IOException {
        Path theirs = createByQemu(combination);
        String theirInfo = info(theirs);
        String theirMap = map(theirs);

        Path ours = directory.resolve("ours.qcow2");
        create(ours, combination.sizeBytes(), placed(combination.options()));

        assertThat(QemuTool.img("check", ours)).contains("No errors were found");
        assertThat(info(ours)).isEqualTo(theirInfo);
        if (!combination.options().rawDataFile()) {
            assertThat(map(ours)).isEqualTo(theirMap);
        }
        assertThat(QemuTool.img("compare", ours, theirs)).contains("Images are identical");
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void measuresAsQemuDoes(OptionCombinations.Combination combination) {
        JsonNode theirs = QemuTool.json(
                "measure",
                "--output=json",
                "-O",
                "qcow2",
                "-o",
                combination.text(false),
                "--size",
                combination.sizeBytes());

        assertThat(Measurement.ofSize(combination.sizeBytes(), combination.options()))
                .isEqualTo(new Measurement(
                        theirs.get("required").asLong(),
                        theirs.get("fully-allocated").asLong()));
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 1 << 16, 1 << 21})
    void measuresContentsAsQemuDoes(int clusterBytes) throws IOException {
        Path raw = directory.resolve("sparse.raw");
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(20 << 20);
            for (int at = 0; at < 20 << 20; at += 3 << 20) {
                file.seek(at + 8192);
                file.write(new byte[70_000]);
            }
        }
        JsonNode theirs = QemuTool.json(
                "measure", "--output=json", "-O", "qcow2", "-o", "cluster_size=" + clusterBytes, "-f", "raw", raw);

        OpenOptions toRead = new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK);
        try (RawImage image = RawImage.open(TestImages.POSIX, raw.toString(), toRead)) {
            assertThat(Measurement.ofContents(image, Qcow2Options.DEFAULT.withClusters(clusterBytes, false)))
                    .isEqualTo(new Measurement(
                            theirs.get("required").asLong(),
                            theirs.get("fully-allocated").asLong()));
        }
    }

    @Test
    void replacesWhateverWasThere() throws IOException {
        Path image = directory.resolve("old.qcow2");
        byte[] old = new byte[1 << 20];
        java.util.Arrays.fill(old, (byte) 0xA5);
        Files.write(image, old);

        create(image, 1 << 20, Qcow2Options.DEFAULT.withPreallocation(Preallocation.METADATA));

        assertThat(QemuTool.img("check", image)).contains("No errors");
        Files.write(directory.resolve("zeros.raw"), new byte[1 << 20]);
        QemuTool.img("compare", image, directory.resolve("zeros.raw"));
    }

    @ParameterizedTest
    @CsvSource({"OFF,false,16", "METADATA,false,16", "METADATA,true,16", "FULL,false,9", "FALLOC,true,21"})
    void encryptsByLuks(Preallocation preallocation, boolean extendedL2, int clusterBits) throws IOException {
        Path image = directory.resolve("secret.qcow2");
        LuksOptions luks = LuksOptions.parse(Map.of("iter-time", "10"));
        Qcow2Options options = Qcow2Options.DEFAULT
                .withClusters(1 << clusterBits, extendedL2)
                .withPreallocation(preallocation)
                .withEncryption(new NewLuksEncryption(TestImages.POSIX, luks, "geheim".getBytes(UTF_8)));
        create(image, 5 << 20, options);

        String secret = "secret,id=s,data=geheim";
        String opened = "driver=qcow2,encrypt.key-secret=s,file.filename=" + image;
        assertThat(QemuTool.run(
                                "qemu-io",
                                "--object",
                                secret,
                                "-c",
                                "read -P 0 0 5M",
                                "-c",
                                "write -P 7 1000k 70k",
                                "-c",
                                "read -P 7 1000k 70k",
                                "-c",
                                "read -P 0 0 1000k",
                                "--image-opts",
                                opened)
                        .output())
                .doesNotContain("failed")
                .contains("read 71680/71680");
        assertThat(QemuTool.img("check", "--object", secret, "--image-opts", opened))
                .contains("No errors");
        JsonNode measured = QemuTool.json(
                "measure",
                "--output=json",
                "-O",
                "qcow2",
                "--object",
                secret,
                "-o",
                "encrypt.format=luks,encrypt.key-secret=s,cluster_size=" + options.clusterBytes() + ",extended_l2="
                        + extendedL2 + ",preallocation=" + preallocation.text(),
                "--size",
                5 << 20);
        assertThat(Measurement.ofSize(5 << 20, options))
                .isEqualTo(new Measurement(
                        measured.get("required").asLong(),
                        measured.get("fully-allocated").asLong()));
    }

    @Test
    void leavesNoImageWhereTheNamesAreTooLong() throws IOException {
        Path image = Files.createFile(directory.resolve("long.qcow2"));
        Qcow2Options options = Qcow2Options.DEFAULT
                .withClusters(512, false)
                .withBacking(new org.kvmbeans.block.BackingReference("x".repeat(600), "raw"));

        assertThatThrownBy(() -> create(image, 1 << 20, options))
                .isInstanceOf(DiskImageException.class)
                .hasMessageContaining("larger clusters");
    }

    @Test
    void refusesSizesBeyondItsTables() {
        assertThatThrownBy(() -> Qcow2Options.DEFAULT.withClusters(512, false).requireSize(1L << 40))
                .hasMessageContaining("up to 137438953472");
        assertThatThrownBy(() -> Qcow2Options.DEFAULT.requireSize(100)).hasMessageContaining("multiple of 512");
    }

    private void create(Path path, long sizeBytes, Qcow2Options options) throws IOException {
        if (Files.notExists(path)) {
            Files.createFile(path);
        }
        try (Storage storage = TestImages.open(path, Access.READ_WRITE)) {
            if (options.dataFile() == null) {
                Qcow2Creator.create(TestImages.POSIX, storage, null, sizeBytes, options, Progress.NONE);
                return;
            }
            Path data = Files.write(directory.resolve(options.dataFile()), new byte[0]);
            try (Storage dataFile = TestImages.open(data, Access.READ_WRITE)) {
                Qcow2Creator.create(TestImages.POSIX, storage, dataFile, sizeBytes, options, Progress.NONE);
            }
        }
    }

    private Path createByQemu(OptionCombinations.Combination combination) {
        Path image = directory.resolve("theirs.qcow2");
        String options = combination.text(true).replace("data.raw", dataFile().toString());
        if (combination.options().backing() != null) {
            options += ",backing_file=base.raw,backing_fmt=raw";
        }
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, combination.sizeBytes());
        return image;
    }

    private Path dataFile() {
        return directory.resolve("data.raw");
    }

    /** QEMU looks for data files from its working directory on. */
    private Qcow2Options placed(Qcow2Options options) {
        return options.dataFile() == null
                ? options
                : options.withDataFile(dataFile().toString(), options.rawDataFile());
    }

    /** What qemu-img tells of an image, without names and figures of the file itself. */
    private static String info(Path image) {
        JsonNode info = QemuTool.json("info", "--output=json", image);
        return info.get("virtual-size") + " " + info.get("cluster-size") + " " + info.get("backing-filename") + " "
                + info.get("backing-filename-format") + " " + info.get("format-specific");
    }

    /** Which image has what of the disk, without the places. */
    private static String map(Path image) {
        StringBuilder map = new StringBuilder();
        String last = "";
        for (JsonNode extent : QemuTool.json("map", "--output=json", image)) {
            String kind = extent.get("depth") + " " + extent.get("data");
            if (!kind.equals(last)) {
                map.append(extent.get("start")).append(' ').append(kind).append('\n');
            }
            last = kind;
        }
        return map.toString();
    }
}
