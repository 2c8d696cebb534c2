package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.testing.QemuTool;

/** Headers that QEMU writes are understood, and QEMU understands those that are written here. */
class Qcow2HeaderFileTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=1.1",
                "cluster_size=512",
                "cluster_size=2M",
                "refcount_bits=1",
                "refcount_bits=64,lazy_refcounts=on",
                "extended_l2=on,compression_type=zstd",
                "cluster_size=512,compat=0.10"
            })
    void rewrittenHeaderSaysTheSame(String options) throws IOException {
        Path image = directory.resolve("a.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, image, "100M");
        JsonNode before = QemuTool.json("info", "--output=json", image);

        Qcow2Header read = TestImages.header(image);
        rewrite(image, read.withBacking(new BackingReference("base.raw", "raw")));
        rewrite(image, read);

        assertThat(QemuTool.json("info", "--output=json", image)).isEqualTo(before);
        assertThat(TestImages.header(image)).isEqualTo(read);
        QemuTool.img("check", "-q", image);
    }

    @Test
    void namesTheBackingFile() throws IOException {
        Path image = directory.resolve("a.qcow2");
        Path base = Files.write(directory.resolve("base.raw"), new byte[1 << 20]);
        QemuTool.img("create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", image);

        Qcow2Header read = TestImages.header(image);

        assertThat(read.backingReference()).isEqualTo(new BackingReference(base.toString(), "raw"));
        rewrite(image, read.withBacking(new BackingReference("x".repeat(1000), "qcow2")));
        rewrite(image, read.withBacking(new BackingReference(base.toString(), "raw")));
        assertThat(QemuTool.json("info", "--output=json", image)
                        .get("full-backing-filename")
                        .asText())
                .isEqualTo(base.toString());
    }

    private void rewrite(Path image, Qcow2Header header) throws IOException {
        try (Storage storage = TestImages.open(image, Access.READ_WRITE)) {
            Qcow2HeaderFile.open(TestImages.POSIX, storage).replace(header);
        }
    }
}
