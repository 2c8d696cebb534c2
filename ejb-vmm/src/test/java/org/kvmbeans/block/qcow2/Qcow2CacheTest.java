package org.kvmbeans.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.machine.Waiting;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;

/** An image whose tables take more than the memory for them. */
class Qcow2CacheTest {
    private static final int SECTOR = 512;
    private static final int SLICE_BYTES = 4096;
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
        int sliceBytes = SLICE_BYTES;
        int slices = 100;
        long bound = 16L * sliceBytes;
        MemoryStorage storage = new MemoryStorage(new byte[slices * sliceBytes], Access.READ_ONLY);
        SliceCache cache = new SliceCache(new ReentrantLock(), EngineDisk.POSIX, storage, sliceBytes, bound);

        for (int i = 0; i < 2 * slices; i++) {
            cache.get((long) (i % slices) * sliceBytes);

            assertThat(cache.heldBytes()).isLessThanOrEqualTo(bound);
        }
    }

    /** A table of slices that each begin with their number, in a cache that has room for all. */
    private static final class OneTable {
        static final int SLICES = 16;

        final ReentrantLock lock = new ReentrantLock();
        final List<Long> reads = Collections.synchronizedList(new ArrayList<>());
        final MemoryStorage storage;
        final SliceCache cache;

        OneTable() {
            ByteBuffer contents = ByteBuffer.allocate(SLICES * SLICE_BYTES);
            for (int i = 0; i < SLICES; i++) {
                contents.putInt(i * SLICE_BYTES, i);
            }
            storage = new MemoryStorage(contents.array(), Access.READ_ONLY);
            storage.faults((request, offset) -> {
                reads.add(offset);
                return false;
            });
            cache = new SliceCache(lock, EngineDisk.POSIX, storage, SLICES * SLICE_BYTES, 1 << 20);
        }

        boolean has(int number) {
            lock.lock();
            try {
                Slice slice = cache.find((long) number * SLICE_BYTES);
                return slice != null && slice.bytes().getInt(0) == number;
            } finally {
                lock.unlock();
            }
        }

        void fetch(int number) throws IOException {
            cache.fetch((long) number * SLICE_BYTES);
        }
    }

    @Test
    void tableInOrderIsReadInTwoRequests() throws IOException {
        OneTable table = new OneTable();

        for (int i = 0; i < OneTable.SLICES; i++) {
            table.fetch(i);
            assertThat(table.has(i)).as("slice %d", i).isTrue();
        }

        assertThat(table.reads).containsExactly(0L, (long) SLICE_BYTES);
    }

    @Test
    void tableOutOfOrderIsReadByTheSlice() throws IOException {
        OneTable table = new OneTable();

        table.fetch(9);
        table.fetch(3);

        assertThat(table.has(9) && table.has(3)).isTrue();
        assertThat(table.has(4) || table.has(10)).isFalse();
    }

    @Test
    void damageBehindTheSliceThatIsWantedIsNobodysMatterYet() throws IOException {
        OneTable table = new OneTable();
        table.fetch(0);
        AtomicInteger reads = new AtomicInteger();
        table.storage.faults((request, offset) -> reads.incrementAndGet() == 1);

        table.fetch(1);

        assertThat(reads).hasValue(2);
        assertThat(table.has(1)).isTrue();
        assertThat(table.has(2)).isFalse();
    }

    @Test
    void sliceIsReadOnceForAllThatWantIt() throws InterruptedException {
        OneTable table = new OneTable();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        table.storage.faults((request, offset) -> {
            table.reads.add(offset);
            begun.countDown();
            awaitUninterruptibly(goOn);
            return false;
        });
        Thread first = fetching(table, 5);
        begun.await();
        Thread second = fetching(table, 5);
        Waiting.until("the second to wait", 60, () -> second.getState() == Thread.State.WAITING);

        goOn.countDown();
        first.join();
        second.join();

        assertThat(table.has(5)).isTrue();
        assertThat(table.reads).hasSize(1);
    }

    private static Thread fetching(OneTable table, int number) {
        Thread thread = new Thread(() -> {
            try {
                table.fetch(number);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        thread.start();
        return thread;
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
