package org.kvmbeans.block.crypto;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;

/**
 * A sector cipher for many threads: each request has a transform of its own while it runs, from a few that are kept. Data
 * passes through an array of the transform, since the JDK's AES is quick with arrays alone.
 */
final class PooledSectorCipher implements SectorCipher {
    /** How many idle transforms are kept; a power of two. */
    private static final int KEPT = 16;

    private final CipherSpec spec;
    private final byte[] key;
    private final AtomicReferenceArray<@Nullable Worker> idle = new AtomicReferenceArray<>(KEPT);
    private volatile boolean closed;

    PooledSectorCipher(CipherSpec spec, byte[] key) {
        if (key.length != spec.keyBytes()) {
            throw new IllegalArgumentException(
                    "a key of " + key.length + " bytes; " + spec + " has " + spec.keyBytes());
        }
        this.spec = spec;
        this.key = key.clone();
    }

    private enum Direction {
        ENCRYPT {
            @Override
            void apply(SectorTransform transform, long firstSector, byte[] data, int sectors) {
                transform.encrypt(firstSector, data, sectors);
            }
        },
        DECRYPT {
            @Override
            void apply(SectorTransform transform, long firstSector, byte[] data, int sectors) {
                transform.decrypt(firstSector, data, sectors);
            }
        };

        abstract void apply(SectorTransform transform, long firstSector, byte[] data, int sectors);
    }

    /** What one request needs. */
    private static final class Worker {
        final byte[] data = new byte[SectorTransform.BATCH_BYTES];
        final ByteBuffer window = ByteBuffer.wrap(data);
        final SectorTransform transform;

        Worker(SectorTransform transform) {
            this.transform = transform;
        }

        ByteBuffer window(int bytes) {
            return window.clear().limit(bytes);
        }
    }

    @Override
    public void encrypt(long offset, IoVector source, IoVector target) {
        run(Direction.ENCRYPT, offset, source, target);
    }

    @Override
    public void decrypt(long offset, IoVector source, IoVector target) {
        run(Direction.DECRYPT, offset, source, target);
    }

    private void run(Direction direction, long offset, IoVector source, IoVector target) {
        long total = source.totalBytes();
        check(offset, total);
        if (target.totalBytes() < total) {
            throw new IllegalArgumentException(total + " bytes into " + target.totalBytes());
        }
        Worker worker = take();
        for (long done = 0; done < total; ) {
            int bytes = (int) Math.min(SectorTransform.BATCH_BYTES, total - done);
            source.copyTo(done, worker.window(bytes));
            direction.apply(worker.transform, (offset + done) / SECTOR_BYTES, worker.data, bytes / SECTOR_BYTES);
            target.copyFrom(done, worker.window(bytes));
            done += bytes;
        }
        give(worker);
    }

    @Override
    public void encrypt(long offset, ByteBuffer data) {
        run(Direction.ENCRYPT, offset, data);
    }

    @Override
    public void decrypt(long offset, ByteBuffer data) {
        run(Direction.DECRYPT, offset, data);
    }

    private void run(Direction direction, long offset, ByteBuffer buffer) {
        int total = buffer.remaining();
        check(offset, total);
        Worker worker = take();
        for (int done = 0; done < total; ) {
            int bytes = Math.min(SectorTransform.BATCH_BYTES, total - done);
            buffer.get(buffer.position() + done, worker.data, 0, bytes);
            direction.apply(worker.transform, (offset + done) / SECTOR_BYTES, worker.data, bytes / SECTOR_BYTES);
            buffer.put(buffer.position() + done, worker.data, 0, bytes);
            done += bytes;
        }
        give(worker);
    }

    private static void check(long offset, long bytes) {
        if (offset < 0 || ((offset | bytes) & (SECTOR_BYTES - 1)) != 0) {
            throw new IllegalArgumentException(
                    bytes + " bytes at " + offset + "; both must be multiples of " + SECTOR_BYTES);
        }
    }

    private Worker take() {
        if (closed) {
            throw new IllegalStateException("the cipher is closed");
        }
        int start = (int) Thread.currentThread().getId();
        for (int i = 0; i < KEPT; i++) {
            Worker worker = idle.getAndSet((start + i) & (KEPT - 1), null);
            if (worker != null) {
                return worker;
            }
        }
        return new Worker(spec.newTransform(key));
    }

    private void give(Worker worker) {
        int start = (int) Thread.currentThread().getId();
        for (int i = 0; i < KEPT; i++) {
            if (idle.compareAndSet((start + i) & (KEPT - 1), null, worker)) {
                return;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        Secrets.forget(key);
        for (int i = 0; i < KEPT; i++) {
            Worker worker = idle.getAndSet(i, null);
            if (worker != null) {
                Secrets.forget(worker.data);
            }
        }
    }
}
