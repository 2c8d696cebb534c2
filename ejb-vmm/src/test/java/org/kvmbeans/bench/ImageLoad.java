package org.kvmbeans.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Requests to an image, a number of them at a time, at the offsets that {@code qemu-img bench} takes: each a step after the
 * one before, modulo the size of the disk.
 *
 * @param write whether they write
 * @param bytes of each
 * @param stepBytes from one to the next
 * @param count how many
 * @param depth how many at a time
 */
record ImageLoad(boolean write, int bytes, long stepBytes, int count, int depth) {
    private static final int PAGE_BYTES = 4096;

    /** Runs it on as many threads as there are requests at a time; the seconds that it took. */
    double run(Posix posix, DiskImage image) throws IOException, InterruptedException {
        AtomicLong next = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(depth);
        try {
            List<Callable<Void>> workers = new ArrayList<>();
            // Together, as the tool has it: what lies in large pages is less work for direct I/O.
            NativeStruct memory = new NativeStruct(posix, depth * bytes + PAGE_BYTES);
            int aligned = (int) (-memory.address() & (PAGE_BYTES - 1));
            for (int i = 0; i < depth; i++) {
                IoVector vector = new IoVector(posix, 1);
                vector.add(memory.buffer(), memory.address(), aligned + i * bytes, bytes);
                workers.add(() -> {
                    work(image, vector, next);
                    return null;
                });
            }
            long start = System.nanoTime();
            for (Future<Void> worker : threads.invokeAll(workers)) {
                worker.get();
            }
            return (System.nanoTime() - start) / 1e9;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } finally {
            threads.shutdown();
        }
    }

    private void work(DiskImage image, IoVector vector, AtomicLong next) throws IOException {
        long size = image.sizeBytes();
        for (long i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
            long offset = i * stepBytes % size;
            if (write) {
                if (!image.writeAtOnce(offset, vector)) {
                    image.write(offset, vector);
                }
            } else if (!image.readAtOnce(offset, vector)) {
                image.read(offset, vector);
            }
        }
    }
}
