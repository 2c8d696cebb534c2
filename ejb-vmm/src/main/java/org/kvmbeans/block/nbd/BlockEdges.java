package org.kvmbeans.block.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Requests that begin or end inside a block, for a server that takes whole blocks alone: they read the blocks, change them
 * and write them back, while no other write is in progress.
 */
final class BlockEdges {
    private static final int PIECE_BYTES = 1 << 20;

    private final Posix posix;
    private final NbdStorage storage;
    private final int block;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    /** What changes the export. */
    @FunctionalInterface
    interface Change {
        void run() throws DiskImageException;
    }

    /** @param block bytes of the server's smallest request, a power of two; 1 leaves nothing to do here */
    BlockEdges(Posix posix, NbdStorage storage, int block) {
        this.posix = posix;
        this.storage = storage;
        this.block = block;
    }

    boolean fit(long offset, long length) {
        return ((offset | length) & (block - 1)) == 0;
    }

    /** Does what changes whole blocks, not in the midst of a change to a part of them. */
    void whole(Change change) throws DiskImageException {
        if (block == 1) {
            change.run();
            return;
        }
        lock.readLock().lock();
        try {
            change.run();
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Fills the first {@code length} bytes of {@code target}. */
    void read(long offset, IoVector target, long length) throws DiskImageException {
        NativeStruct memory = memory(length);
        IoVector blocks = new IoVector(posix, 1);
        for (long done = 0; done < length; ) {
            int skip = (int) ((offset + done) & (block - 1));
            int part = (int) Math.min(PIECE_BYTES, length - done);
            readAround(memory, blocks, offset + done - skip, skip + part);
            target.copyFrom(done, memory.buffer().slice(skip, part));
            done += part;
        }
    }

    void write(long offset, IoVector source) throws DiskImageException {
        long length = source.totalBytes();
        NativeStruct memory = memory(length);
        IoVector blocks = new IoVector(posix, 1);
        lock.writeLock().lock();
        try {
            for (long done = 0; done < length; ) {
                int skip = (int) ((offset + done) & (block - 1));
                int part = (int) Math.min(PIECE_BYTES, length - done);
                long start = offset + done - skip;
                readAround(memory, blocks, start, skip + part);
                ByteBuffer piece = memory.buffer().slice(skip, part);
                source.copyTo(done, piece);
                storage.writeBlocks(start, blocks);
                done += part;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private NativeStruct memory(long length) {
        return new NativeStruct(posix, (int) Math.min(PIECE_BYTES, length) + 2 * block);
    }

    /** Reads {@code length} bytes from a block's beginning on, and the rest of the last block. */
    private void readAround(NativeStruct memory, IoVector blocks, long start, int length) throws DiskImageException {
        int whole = (length + block - 1) & -block;
        blocks.clear();
        blocks.add(memory.buffer(), memory.address(), 0, whole);
        storage.readBlocks(start, blocks, whole);
    }
}
