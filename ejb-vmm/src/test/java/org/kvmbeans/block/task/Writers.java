package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;

/** Threads that write to a disk, each to blocks of its own, and keep the model of what it must hold. */
final class Writers implements AutoCloseable {
    static final int BLOCK = 4096;
    private static final int THREADS = 3;

    private final DiskImage disk;
    private final byte[] model;
    private final long seed;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Future<?>> running = new ArrayList<>();
    private volatile boolean stopped;

    Writers(DiskImage disk, long seed) throws IOException {
        this.disk = disk;
        this.seed = seed;
        model = Memory.contents(disk);
    }

    /** Begins to write, until {@link #stop}. */
    Writers start() {
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            running.add(threads.submit(() -> {
                write(thread, new Random(seed * THREADS + thread));
                return thread;
            }));
        }
        return this;
    }

    private void write(int thread, Random random) throws IOException {
        int blocks = model.length / BLOCK / THREADS;
        while (!stopped) {
            int offset = (random.nextInt(blocks) * THREADS + thread) * BLOCK;
            switch (random.nextInt(8)) {
                case 0 -> {
                    disk.writeZeroes(offset, BLOCK, true);
                    System.arraycopy(new byte[BLOCK], 0, model, offset, BLOCK);
                }
                case 1 ->
                    assertThat(Memory.read(disk, offset, BLOCK))
                            .isEqualTo(Arrays.copyOfRange(model, offset, offset + BLOCK));
                default -> {
                    byte[] contents = new byte[BLOCK];
                    random.nextBytes(contents);
                    IoVector source = Memory.vector(contents);
                    if (!disk.writeAtOnce(offset, source)) {
                        disk.write(offset, source);
                    }
                    System.arraycopy(contents, 0, model, offset, BLOCK);
                }
            }
        }
    }

    /** Ends them; what the disk must hold now. */
    byte[] stop() throws InterruptedException, ExecutionException {
        stopped = true;
        for (Future<?> each : running) {
            each.get();
        }
        return model;
    }

    @Override
    public void close() {
        stopped = true;
        threads.shutdown();
    }
}
