package org.kvmbeans.block.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.qcow2.TestImages;
import org.kvmbeans.block.testing.QemuTool;

/** Images that QEMU has written are found to be as it finds them. */
class Qcow2CheckTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "cluster_size=512",
                "cluster_size=4k,refcount_bits=32",
                "cluster_size=2M,extended_l2=on",
                "refcount_bits=64,compression_type=zstd",
                "refcount_bits=32,extended_l2=on,lazy_refcounts=on"
            })
    void findsNothingWrongWithWhatQemuWrites(String options) throws IOException {
        Path image = SampleImages.busy(directory.resolve("a.qcow2"), options);

        CheckResult ours = check(image);

        assertThat(ours.findings()).isEmpty();
        assertAgrees(image, ours);
        assertThat(ours.clusters().compressed()).isPositive();
    }

    @Test
    void findsNothingWrongWithEncryptedImages() throws IOException {
        Path image = directory.resolve("a.qcow2");
        SampleImages.encrypted(image);

        String options = "driver=qcow2,encrypt.key-secret=s,file.filename=" + image;
        assertAgrees(
                check(image),
                QemuTool.json(
                        "check", "--output=json", "--object", "secret,id=s,data=geheim", "--image-opts", options));
    }

    @Test
    void findsNothingWrongWithADataFile() throws IOException {
        Path image = directory.resolve("a.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", "data_file=" + directory.resolve("a.data"), image, "20M");
        QemuTool.io(image, "write -P 1 0 1M", "write -P 2 5M 70k", "write -z 8M 1M", "discard 0 128k");

        assertAgrees(image, check(image));
    }

    @Test
    void tellsItsProgressAndCanBeStopped() throws IOException {
        Path image = SampleImages.busy(directory.resolve("a.qcow2"), "cluster_size=4k");
        List<Long> done = new ArrayList<>();
        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            Qcow2Check.check(TestImages.POSIX, storage, (doneUnits, totalUnits) -> {
                assertThat(doneUnits).isLessThanOrEqualTo(totalUnits);
                done.add(doneUnits);
            });
            assertThat(done).isSorted().hasSizeGreaterThan(3);
            assertThat(org.junit.jupiter.api.Assertions.assertThrows(
                            java.util.concurrent.CancellationException.class,
                            () -> Qcow2Check.check(TestImages.POSIX, storage, (doneUnits, totalUnits) -> {
                                throw new java.util.concurrent.CancellationException("enough");
                            })))
                    .hasMessage("enough");
        }
    }

    private static CheckResult check(Path image) throws IOException {
        try (Storage storage = TestImages.open(image, Access.READ_ONLY)) {
            return Qcow2Check.check(TestImages.POSIX, storage, Progress.NONE);
        }
    }

    private static void assertAgrees(Path image, CheckResult ours) {
        assertAgrees(ours, QemuTool.json("check", "--output=json", image));
    }

    private static void assertAgrees(CheckResult ours, JsonNode theirs) {
        assertThat(ours.clean()).isTrue();
        assertThat(ours.imageEndOffset())
                .isEqualTo(theirs.get("image-end-offset").asLong());
        assertThat(ours.clusters())
                .isEqualTo(new ClusterStatistics(
                        theirs.path("total-clusters").asLong(),
                        theirs.path("allocated-clusters").asLong(),
                        theirs.path("fragmented-clusters").asLong(),
                        theirs.path("compressed-clusters").asLong()));
    }
}
