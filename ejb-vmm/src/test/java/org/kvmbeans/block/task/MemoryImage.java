package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.LayeredImage;
import org.kvmbeans.sys.IoVector;

/** A layered image in the heap, in clusters of 4 KiB; it fails when a test wants it to. */
final class MemoryImage implements LayeredImage {
    static final int CLUSTER = 4096;
    private static final byte[] ZEROS = new byte[CLUSTER];

    private final String name;
    private byte[][] clusters;
    private @Nullable DiskImage backing;
    private @Nullable BackingReference reference;
    private boolean writable = true;

    /** Fails the request, counted from 0, that it is set to; none where it is below 0. */
    final AtomicLong failReadIn = new AtomicLong(-1);

    final AtomicLong failWriteIn = new AtomicLong(-1);
    volatile boolean closed;
    volatile int flushes;

    MemoryImage(String name, long sizeBytes) {
        this.name = name;
        clusters = new byte[(int) (sizeBytes / CLUSTER)][];
    }

    static MemoryImage over(String name, DiskImage backing, String reference) {
        MemoryImage image = new MemoryImage(name, backing.sizeBytes());
        image.backing = backing;
        image.reference = new BackingReference(reference, "memory");
        return image;
    }

    MemoryImage toRead() {
        writable = false;
        return this;
    }

    MemoryImage toWrite() {
        writable = true;
        return this;
    }

    /** Opens it again, and what is below it. */
    MemoryImage again() {
        closed = false;
        if (backing instanceof MemoryImage below) {
            below.again();
        }
        return this;
    }

    MemoryImage filled(long seed) throws IOException {
        Memory.write(this, 0, Memory.random((int) sizeBytes(), seed));
        return this;
    }

    private static void arrive(AtomicLong countdown, Kind kind, String name) throws DiskImageException {
        if (countdown.get() >= 0 && countdown.getAndDecrement() == 0) {
            throw new DiskImageException(kind, name, "broken by the test");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new AssertionError(name + " was used after it was closed");
        }
    }

    private synchronized byte[] cluster(int index) throws IOException {
        byte[] own = clusters[index];
        DiskImage below = backing;
        if (own != null) {
            return own;
        }
        long offset = (long) index * CLUSTER;
        return below == null || offset >= below.sizeBytes() ? ZEROS : Memory.read(below, offset, CLUSTER);
    }

    @Override
    public synchronized long sizeBytes() {
        return (long) clusters.length * CLUSTER;
    }

    @Override
    public DiskGeometry geometry() {
        return new DiskGeometry(512, 4096, 0, 4096);
    }

    @Override
    public boolean readOnly() {
        return !writable;
    }

    @Override
    public synchronized void read(long offset, IoVector target) throws IOException {
        requireOpen();
        arrive(failReadIn, Kind.IO_ERROR, name);
        for (long done = 0; done < target.totalBytes(); ) {
            long at = offset + done;
            int within = (int) (at % CLUSTER);
            int length = (int) Math.min(CLUSTER - within, target.totalBytes() - done);
            target.copyFrom(done, ByteBuffer.wrap(cluster((int) (at / CLUSTER)), within, length));
            done += length;
        }
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) throws IOException {
        read(offset, target);
        return true;
    }

    @Override
    public synchronized void write(long offset, IoVector source) throws IOException {
        requireWritable();
        arrive(failWriteIn, Kind.NO_SPACE, name);
        for (long done = 0; done < source.totalBytes(); ) {
            long at = offset + done;
            int within = (int) (at % CLUSTER);
            int length = (int) Math.min(CLUSTER - within, source.totalBytes() - done);
            byte[] changed = cluster((int) (at / CLUSTER)).clone();
            source.copyTo(done, ByteBuffer.wrap(changed, within, length));
            clusters[(int) (at / CLUSTER)] = changed;
            done += length;
        }
    }

    private void requireWritable() throws DiskImageException {
        requireOpen();
        if (!writable) {
            throw new DiskImageException(Kind.READ_ONLY, name, "opened to read");
        }
    }

    @Override
    public synchronized void flush() {
        requireOpen();
        flushes++;
    }

    @Override
    public synchronized void stopWriting() {
        flush();
        writable = false;
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        writeZeroes(offset, length, true);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        write(offset, Memory.vector(new byte[(int) length]));
        synchronized (this) {
            for (long at = (offset + CLUSTER - 1) / CLUSTER; (at + 1) * CLUSTER <= offset + length; at++) {
                clusters[(int) at] = ZEROS;
            }
        }
    }

    @Override
    public synchronized void resize(long sizeBytes) {
        clusters = Arrays.copyOf(clusters, (int) (sizeBytes / CLUSTER));
    }

    @Override
    public synchronized Extent extent(long offset, long length) throws IOException {
        requireOpen();
        Extent own = ownExtent(offset, length);
        DiskImage below = backing;
        if (own.kind() != Extent.Kind.UNALLOCATED || below == null) {
            return own;
        }
        if (offset >= below.sizeBytes()) {
            return own;
        }
        Extent lower = below.extent(offset, Math.min(own.bytes(), below.sizeBytes() - offset));
        return new Extent(offset, lower.bytes(), lower.kind(), lower.depth() + 1, lower.storageOffset());
    }

    private Extent.Kind kind(long index) {
        byte[] own = clusters[(int) index];
        if (own == null) {
            return Extent.Kind.UNALLOCATED;
        }
        return own == ZEROS ? Extent.Kind.ZERO : Extent.Kind.DATA;
    }

    @Override
    public synchronized Extent ownExtent(long offset, long length) {
        requireOpen();
        Extent.Kind kind = kind(offset / CLUSTER);
        long end = offset / CLUSTER * CLUSTER + CLUSTER;
        while (end < offset + length && kind(end / CLUSTER) == kind) {
            end += CLUSTER;
        }
        return new Extent(offset, Math.min(end, offset + length) - offset, kind, 0, -1);
    }

    @Override
    public long allocatedBytes() {
        return -1;
    }

    synchronized long ownClusters() {
        return Arrays.stream(clusters).filter(cluster -> cluster != null).count();
    }

    @Override
    public synchronized @Nullable DiskImage backing() {
        return backing;
    }

    @Override
    public synchronized @Nullable BackingReference backingReference() {
        return reference;
    }

    @Override
    public synchronized void populate(long offset, long length) throws IOException {
        requireWritable();
        arrive(failWriteIn, Kind.NO_SPACE, name);
        for (long at = offset / CLUSTER; at * CLUSTER < offset + length; at++) {
            if (clusters[(int) at] == null) {
                clusters[(int) at] = cluster((int) at).clone();
            }
        }
    }

    @Override
    public synchronized void changeBacking(@Nullable BackingReference newReference, @Nullable DiskImage newBacking)
            throws IOException {
        requireWritable();
        DiskImage former = backing;
        reference = newReference;
        backing = newBacking;
        if (former != null) {
            former.close();
        }
    }

    @Override
    public synchronized @Nullable DiskImage exchangeBacking(@Nullable DiskImage sameContents) {
        DiskImage former = backing;
        backing = sameContents;
        return former;
    }

    @Override
    public synchronized void close() throws IOException {
        if (!closed) {
            closed = true;
            if (backing != null) {
                backing.close();
            }
        }
    }
}
