package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.testing.QemuTool;

/** A cluster of the disk is where an image says, but not everywhere: a guest writes no tables, and makes no file of 32 PiB. */
class ClusterPlaceTest {
    private static final int CLUSTER = 65_536;

    private Path directory = Path.of("");
    private byte[] image = new byte[0];
    private Qcow2Header header;

    /** With one cluster that is written. */
    @BeforeEach
    void makeImage() throws IOException {
        directory = EngineDisk.directory();
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", path, "1M");
        QemuTool.io(path, "write -P 1 0 64k");
        image = Files.readAllBytes(path);
        header = TestImages.header(path);
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    @Test
    void refusesTheActiveL1Table() throws IOException {
        refuses(header.l1Table().offset(), "points to the image's own tables");
    }

    @Test
    void refusesTheRefcountTable() throws IOException {
        refuses(header.refcountTable().offset(), "points to the image's own tables");
    }

    @Test
    void refusesWhatLiesBehindTheEnd() throws IOException {
        refuses(1L << 55, "points behind the end of");
        refuses((image.length + CLUSTER - 1) / CLUSTER * (long) CLUSTER, "points behind the end of");
    }

    @Test
    void refusesARefcountBlockBehindTheEnd() throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(image.clone());
        bytes.putLong((int) header.refcountTable().offset(), 1L << 55);
        MemoryStorage storage = new MemoryStorage(bytes.array(), Access.READ_WRITE);
        try (Qcow2Image opened = Qcow2Image.open(EngineDisk.POSIX, storage, EngineDisk.OPENER)) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> EngineDisk.write(opened, 8 * CLUSTER, new byte[512]))
                    .withMessageContaining("no cluster boundary within the file");
        }
        assertThat(storage.contents()).hasSize(image.length);
    }

    /** Neither a write nor a read of the first cluster is carried out when its entry leads there. */
    private void refuses(long hostOffset, String why) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(image.clone());
        long l2 = bytes.getLong((int) header.l1Table().offset()) & Qcow2Layout.L1_OFFSET_MASK;
        bytes.putLong((int) l2, hostOffset | Qcow2Layout.COPIED);
        MemoryStorage storage = new MemoryStorage(bytes.array(), Access.READ_WRITE);
        storage.record();
        try (Qcow2Image opened = Qcow2Image.open(EngineDisk.POSIX, storage, EngineDisk.OPENER)) {
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> EngineDisk.write(opened, 0, new byte[512]))
                    .withMessageContaining(why);
            assertThatExceptionOfType(DiskImageException.class)
                    .isThrownBy(() -> EngineDisk.read(opened, 0, 512))
                    .withMessageContaining(why);
        }
        // All that was written is the header, which says that the image is corrupt.
        assertThat(storage.events()).noneMatch(event -> event.offset() >= CLUSTER);
    }
}
