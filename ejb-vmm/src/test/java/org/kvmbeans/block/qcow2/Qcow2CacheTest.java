package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;

/** An image whose tables take more than the memory for them. */
class Qcow2CacheTest {
    private static final int SECTOR = 512;
    /** What a table maps that is one cluster. */
    private static final long TABLE_REACH = SECTOR / Long.BYTES * (long) SECTOR;

    /** More tables than there is memory for, all of them changed. */
    private static final int TABLES = (int) (Metadata.MAX_L2_BYTES / SECTOR) * 3 / 2;
    /** Has no factor in common with the number of tables, so that it leads to each of them. */
    private static final int STRIDE = 7919;

    private Path directory = Path.of("");

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = EngineDisk.directory();
    }

    @AfterEach
    void removeFiles() throws IOException {
        EngineDisk.remove(directory);
    }

    @Test
    void tablesThatDoNotFitAreWrittenAndReadAgain() throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuTool.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", path, TABLES * TABLE_REACH);
        NativeStruct memory = new NativeStruct(EngineDisk.POSIX, SECTOR);
        IoVector vector = new IoVector(EngineDisk.POSIX, 1);
        vector.add(memory.buffer(), memory.address(), 0, SECTOR);
        try (Qcow2Image image = EngineDisk.open(path)) {
            for (int i = 0; i < TABLES; i++) {
                int table = (int) ((long) i * STRIDE % TABLES);
                vector.copyFrom(0, ByteBuffer.allocate(SECTOR).putInt(0, ~table));
                image.write(table * TABLE_REACH, vector);
            }
            ByteBuffer sector = ByteBuffer.allocate(SECTOR);
            for (int table = 0; table < TABLES; table++) {
                image.read(table * TABLE_REACH, vector);
                vector.copyTo(0, sector.clear());
                assertThat(sector.getInt(0)).isEqualTo(~table);
            }
        }
        assertThat(QemuTool.run("qemu-img", "check", path).output()).contains("No errors");
    }

    @Test
    void holdsNoMoreThanItsBoundOfWhatIsNotChanged() throws IOException {
        int sliceBytes = 4096;
        int slices = 100;
        long bound = 16L * sliceBytes;
        MemoryStorage storage = new MemoryStorage(new byte[slices * sliceBytes], Access.READ_ONLY);
        SliceCache cache = new SliceCache(new ReentrantLock(), EngineDisk.POSIX, storage, sliceBytes, bound);

        for (int i = 0; i < 2 * slices; i++) {
            cache.get((long) (i % slices) * sliceBytes);

            assertThat(cache.heldBytes()).isLessThanOrEqualTo(bound);
        }
    }
}
