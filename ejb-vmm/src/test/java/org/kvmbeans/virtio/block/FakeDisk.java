package org.kvmbeans.virtio.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.IoVector;

/** A disk in the heap that fails and waits as a test wants. */
final class FakeDisk implements DiskImage {
    private final DiskGeometry geometry;
    private final Mode mode;
    private byte[] contents;

    /** Calls that changed the disk or made it durable, oldest first. */
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());

    volatile @Nullable Kind failure;
    volatile @Nullable CountDownLatch gate;
    volatile boolean closed;

    /** What the disk is for. */
    enum Mode {
        READ_WRITE,
        READ_ONLY
    }

    FakeDisk(int sizeBytes, int blockBytes, Mode mode) {
        geometry = new DiskGeometry(blockBytes, 4096, 65536, 4096);
        contents = new byte[sizeBytes];
        this.mode = mode;
    }

    static FakeDisk of(int sizeBytes) {
        return new FakeDisk(sizeBytes, 512, Mode.READ_WRITE);
    }

    /** Requests wait from now on until the latch is counted down. */
    CountDownLatch hold() {
        CountDownLatch latch = new CountDownLatch(1);
        gate = latch;
        return latch;
    }

    private void arrive() throws IOException {
        CountDownLatch latch = gate;
        if (latch != null) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        Kind kind = failure;
        if (kind != null) {
            throw new DiskImageException(kind, "fake", "broken");
        }
    }

    synchronized byte[] contents() {
        return contents.clone();
    }

    @Override
    public synchronized long sizeBytes() {
        return contents.length;
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return mode == Mode.READ_ONLY;
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        arrive();
        synchronized (this) {
            target.copyFrom(0, ByteBuffer.wrap(contents, (int) offset, (int) target.totalBytes()));
        }
    }

    @Override
    public void write(long offset, IoVector source) throws IOException {
        arrive();
        calls.add("write");
        synchronized (this) {
            source.copyTo(0, ByteBuffer.wrap(contents, (int) offset, (int) source.totalBytes()));
        }
    }

    @Override
    public void flush() throws IOException {
        arrive();
        calls.add("flush");
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        arrive();
        calls.add("discard " + offset + " " + length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        arrive();
        calls.add("zero " + offset + " " + length + (mayUnmap ? " unmap" : " keep"));
        synchronized (this) {
            Arrays.fill(contents, (int) offset, (int) (offset + length), (byte) 0);
        }
    }

    @Override
    public synchronized void resize(long sizeBytes) {
        contents = Arrays.copyOf(contents, (int) sizeBytes);
    }

    @Override
    public long allocatedBytes() {
        return -1;
    }

    @Override
    public void close() {
        closed = true;
    }
}
