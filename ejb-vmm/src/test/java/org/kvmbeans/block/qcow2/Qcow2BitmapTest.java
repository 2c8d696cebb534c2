package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.testing.QemuTool;

class Qcow2BitmapTest {
    private static final int SIZE = 40 << 20;

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    private Path create(String options) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(SIZE));
        return path;
    }

    private static BitSet dirty(Qcow2Image image, String name, int granularity) throws IOException {
        BitSet bits = new BitSet();
        for (long at = 0; at < SIZE; ) {
            DirtyStretch stretch = image.bitmaps().stretch(name, at, SIZE - at);
            if (stretch.dirty()) {
                bits.set((int) (at / granularity), (int) ((stretch.offset() + stretch.bytes() - 1) / granularity) + 1);
            }
            at += stretch.bytes();
        }
        return bits;
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536, 1 << 20})
    void followsWhatIsWrittenAcrossClosing(int granularity) throws IOException {
        Path path = create("cluster_size=4096");
        BitSet model = new BitSet();
        Random random = new Random(granularity);
        try (Qcow2Image image = EngineDisk.open(path)) {
            image.bitmaps().add("backup", granularity, true);
        }
        for (int round = 0; round < 3; round++) {
            try (Qcow2Image image = EngineDisk.open(path)) {
                assertThat(dirty(image, "backup", granularity)).isEqualTo(model);
                for (int i = 0; i < 40; i++) {
                    int offset = random.nextInt(SIZE / 512 - 300) * 512;
                    int length = 512 * (1 + random.nextInt(300));
                    switch (random.nextInt(3)) {
                        case 0 -> image.writeZeroes(offset, length, true);
                        case 1 -> image.discard(offset, length);
                        default -> EngineDisk.write(image, offset, new byte[length]);
                    }
                    model.set(offset / granularity, (offset + length - 1) / granularity + 1);
                }
                assertThat(dirty(image, "backup", granularity)).isEqualTo(model);
            }
            QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
        }
        String map = QemuTool.img("map", "--output=json", "--image-opts", "driver=qcow2,file.filename=" + path);
        assertThat(map).isNotEmpty();
        assertThat(QemuTool.img("info", path.toString()))
                .contains("name: backup")
                .contains("granularity: " + granularity)
                .contains("auto")
                .doesNotContain("in-use");
    }

    @Test
    void agreesWithQemu() throws IOException {
        Path path = create("cluster_size=65536");
        QemuTool.img("bitmap", "--add", "-g", "65536", path.toString(), "theirs");
        QemuTool.io(path, "write 1M 128k");
        try (Qcow2Image image = EngineDisk.open(path)) {
            BitSet expected = new BitSet();
            expected.set(16, 18);
            assertThat(dirty(image, "theirs", 65536)).isEqualTo(expected);
            EngineDisk.write(image, 5 << 20, new byte[65536]);
            image.bitmaps().add("ours", 65536, true);
            EngineDisk.write(image, 6 << 20, new byte[65536]);
        }
        // What is dirty in theirs is merged into a third one, which is read here again.
        QemuTool.img("bitmap", "--add", "-g", "65536", "--disable", path.toString(), "third");
        QemuTool.img("bitmap", "--merge", "theirs", path.toString(), "third");
        QemuTool.img("bitmap", "--merge", "ours", path.toString(), "third");
        try (Qcow2Image image = EngineDisk.open(path)) {
            BitSet expected = new BitSet();
            expected.set(16, 18);
            expected.set(80);
            expected.set(96);
            assertThat(dirty(image, "third", 65536)).isEqualTo(expected);
            image.bitmaps().move("third", "ours");
            assertThat(dirty(image, "third", 65536)).isEqualTo(new BitSet());
            assertThat(dirty(image, "ours", 65536)).isEqualTo(expected);
            image.bitmaps().remove("third");
        }
        assertThat(QemuTool.img("info", path.toString())).doesNotContain("third");
        QemuTool.img("check", "-q", "-f", "qcow2", path.toString());
    }

    @Test
    void areNotReliedOnWhereTheImageWasNotClosed() throws IOException {
        Path path = create("cluster_size=65536");
        QemuTool.img("bitmap", "--add", "-g", "65536", path.toString(), "backup");
        MemoryStorage storage = new MemoryStorage(java.nio.file.Files.readAllBytes(path), Access.READ_WRITE);
        Qcow2Image unclosed = Qcow2Image.open(EngineDisk.POSIX, storage, EngineDisk.OPENER);
        EngineDisk.write(unclosed, 0, new byte[512]);
        unclosed.flush();
        MemoryStorage left = new MemoryStorage(storage.contents(), Access.READ_WRITE);
        try (Qcow2Image image = Qcow2Image.open(EngineDisk.POSIX, left, EngineDisk.OPENER)) {
            DirtyBitmap bitmap = image.bitmaps().list().get(0);
            assertThat(bitmap.name()).isEqualTo("backup");
            assertThat(bitmap.usable()).isFalse();
            image.bitmaps().remove("backup");
            assertThat(image.bitmaps().list()).isEmpty();
        }
        unclosed.close();
    }
}
