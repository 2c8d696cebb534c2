package org.kvmbeans.block.file;

import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.CacheMode.Durability;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * A regular file or block device of the host, opened as a {@link CacheMode} says and locked against other users.
 *
 * <p>Offsets and lengths are bytes of any value: what direct I/O does not take goes through aligned memory, or past direct
 * I/O through the page cache, which the kernel keeps in step. Requests come from many threads and block until they are
 * done; those that fail throw {@link DiskImageException} and may have been carried out in part. {@link #close} comes when
 * no request is in progress.
 */
public final class HostFile implements Storage {
    /** preadv2(2): fails with EAGAIN where the data is not in the page cache. */
    private static final int RWF_NOWAIT = 0x8;

    /** Copied sooner than handed to another thread and back: the most that a guest's driver usually asks for at a time. */
    private static final int AT_ONCE_BYTES = 1 << 20;

    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    private final Posix posix;
    private final String path;
    private final OpenOptions options;
    private final OwnedFd fd;
    /** The same file through the page cache, where {@link #fd} is direct; otherwise the same descriptor. */
    private final OwnedFd cachedFd;

    private final ImageLock lock;
    private final @Nullable BlockDeviceIoctl device;
    private final DirectAlignment alignment;
    private final Transfers transfers;
    private final Holes holes;
    private final BounceBuffers bounceBuffers;
    private final SpeedGate gate = new SpeedGate();
    private volatile long sizeBytes;
    private volatile boolean hasNoWait = true;
    private volatile boolean lostWrites;
    private volatile boolean writingStopped;
    private volatile boolean closed;

    private HostFile(Posix posix, String path, OpenOptions options, HostFileOpening opened) {
        this.posix = posix;
        this.path = path;
        this.options = options;
        fd = opened.fd();
        cachedFd = opened.cachedFd();
        lock = opened.lock();
        device = opened.device();
        sizeBytes = opened.sizeBytes();
        alignment = opened.alignment();
        transfers = new Transfers(posix, path);
        holes = new Holes(posix, fd, path, device);
        bounceBuffers = new BounceBuffers(posix);
    }

    /**
     * Opens a regular file or block device and locks it.
     *
     * @throws DiskImageException NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED or LOCKED, saying what would be right
     */
    public static HostFile open(Posix posix, String path, OpenOptions options) throws DiskImageException {
        return new HostFile(posix, path, options, HostFileOpening.open(posix, path, options));
    }

    @Override
    public String name() {
        return path;
    }

    @Override
    public OpenOptions options() {
        return options;
    }

    /**
     * Sizes that fit the file's storage; a regular file takes blocks of 512 bytes, though its file system has larger ones.
     *
     * @throws DiskImageException where a block device does not tell
     */
    @Override
    public DiskGeometry geometry() throws DiskImageException {
        if (device == null) {
            return new DiskGeometry(SECTOR_BYTES, PAGE_BYTES, 0, PAGE_BYTES);
        }
        int logical = device.logicalBlockBytes();
        return new DiskGeometry(
                logical, Math.max(logical, device.physicalBlockBytes()), device.optimalIoBytes(), PAGE_BYTES);
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        long size = sizeBytes;
        switch (route(offset, target)) {
            case DIRECT -> transfers.read(fd.number(), offset, target, size);
            case CACHED -> transfers.read(cachedFd.number(), offset, target, size);
            case BOUNCED -> readBounced(offset, target, size);
        }
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        requireWritable();
        switch (route(offset, source)) {
            case DIRECT -> transfers.write(fd.number(), offset, source);
            case CACHED -> transfers.write(cachedFd.number(), offset, source);
            case BOUNCED -> writeBounced(offset, source);
        }
        if (offset + source.totalBytes() > sizeBytes) {
            grown(offset + source.totalBytes());
        }
    }

    private synchronized void grown(long endBytes) {
        sizeBytes = Math.max(sizeBytes, endBytes);
    }

    private enum Route {
        DIRECT,
        CACHED,
        BOUNCED
    }

    private Route route(long offset, IoVector vector) {
        if (!options.cache().direct() || !alignment.fits(offset, vector.totalBytes())) {
            return Route.CACHED;
        }
        return alignment.fits(vector) ? Route.DIRECT : Route.BOUNCED;
    }

    private void readBounced(long offset, IoVector target, long size) throws DiskImageException {
        try (BounceBuffers.Buffer buffer = bounceBuffers.take()) {
            for (long done = 0; done < target.totalBytes(); ) {
                int length = (int) Math.min(BounceBuffers.BYTES, target.totalBytes() - done);
                IoVector part = buffer.vector(length);
                transfers.read(fd.number(), offset + done, part, size);
                target.copyFrom(done, part.segment(0));
                done += length;
            }
        }
    }

    private void writeBounced(long offset, IoVector source) throws DiskImageException {
        try (BounceBuffers.Buffer buffer = bounceBuffers.take()) {
            for (long done = 0; done < source.totalBytes(); ) {
                int length = (int) Math.min(BounceBuffers.BYTES, source.totalBytes() - done);
                IoVector part = buffer.vector(length);
                source.copyTo(done, part.segment(0));
                transfers.write(fd.number(), offset + done, part);
                done += length;
            }
        }
    }

    /** Reads what the page cache has. */
    @Override
    public boolean readAtOnce(long offset, IoVector target) throws DiskImageException {
        if (!copiesSoon(offset, target)) {
            return false;
        }
        if (hasNoWait) {
            long result;
            try {
                result = posix.preadv2(cachedFd.number(), target.address(), target.count(), offset, RWF_NOWAIT);
            } finally {
                Reference.reachabilityFence(target);
            }
            if (result != -Errno.EOPNOTSUPP && result != -Errno.ENOSYS) {
                // Whatever else went wrong, read() meets it again and says so.
                return result == target.totalBytes();
            }
            hasNoWait = false;
        }
        long started = System.nanoTime();
        if (!gate.isOpen(started)) {
            return false;
        }
        transfers.read(cachedFd.number(), offset, target, sizeBytes);
        gate.done(target.totalBytes(), started, System.nanoTime());
        return true;
    }

    /** Writes into the page cache. */
    @Override
    public boolean writeAtOnce(long offset, IoVector source) throws DiskImageException {
        if (options.cache().direct() || !isSmall(source) || options.cache().durability() == Durability.AFTER_WRITE) {
            return false;
        }
        long started = System.nanoTime();
        if (!gate.isOpen(started)) {
            return false;
        }
        write(offset, source);
        gate.done(source.totalBytes(), started, System.nanoTime());
        return true;
    }

    /** Opens direct I/O, and reads through the page cache, in the kernel's background. */
    @Override
    public <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        return options.cache().direct()
                ? DirectRequests.open(posix, this, signal)
                : CachedReads.open(posix, this, signal);
    }

    /** Whether a request within the file is one that direct I/O takes as it is. */
    boolean takesDirect(long offset, IoVector vector) {
        return vector.count() > 0 && offset + vector.totalBytes() <= sizeBytes && route(offset, vector) == Route.DIRECT;
    }

    /** Whether a read within the file is one that the page cache, if it has the bytes, has soon copied. */
    boolean copiesSoon(long offset, IoVector target) {
        return !options.cache().direct() && isSmall(target) && offset + target.totalBytes() <= sizeBytes;
    }

    private static boolean isSmall(IoVector vector) {
        return vector.count() > 0 && vector.totalBytes() <= AT_ONCE_BYTES;
    }

    int number() {
        return fd.number();
    }

    boolean isDevice() {
        return device != null;
    }

    /** Makes every write that was done before durable; does nothing where {@link CacheMode#UNSAFE} says so. */
    @Override
    public void flush() throws DiskImageException {
        if (!readOnly() && options.cache().durability() != Durability.NEVER) {
            synchronize();
        }
    }

    private void synchronize() throws DiskImageException {
        if (lostWrites) {
            throw new DiskImageException(
                    Kind.IO_ERROR,
                    path,
                    "a flush failed before, and what was written may be lost; open the image again");
        }
        int result;
        do {
            result = posix.fdatasync(fd.number());
        } while (result == -Errno.EINTR);
        if (result < 0) {
            // The kernel forgets the pages that it could not write: the next fdatasync would succeed without them.
            lostWrites = !options.cache().direct();
            throw HostErrors.ofRequest(path, "fdatasync", -result);
        }
    }

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        requireWritable();
        long inside = Math.min(length, sizeBytes - offset);
        if (inside > 0) {
            holes.discard(offset, inside);
            settle();
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        requireWritable();
        long inside = Math.min(length, sizeBytes - offset);
        if (inside <= 0) {
            return;
        }
        if (holes.zero(offset, inside, mayUnmap)) {
            settle();
            return;
        }
        try (BounceBuffers.Buffer buffer = bounceBuffers.take()) {
            buffer.vector(BounceBuffers.BYTES).zero(0, BounceBuffers.BYTES);
            for (long done = 0; done < inside; ) {
                int part = (int) Math.min(BounceBuffers.BYTES, inside - done);
                write(offset + done, buffer.vector(part));
                done += part;
            }
        }
    }

    /** O_DSYNC speaks of writes alone. */
    private void settle() throws DiskImageException {
        if (options.cache().durability() == Durability.AFTER_WRITE) {
            synchronize();
        }
    }

    /**
     * Changes the size of a regular file, or takes notice of the size that a block device has been given.
     *
     * @throws DiskImageException UNSUPPORTED where a block device has another size
     */
    @Override
    public synchronized void resize(long newBytes) throws DiskImageException {
        requireWritable();
        if (device != null) {
            long actual = device.sizeBytes();
            if (actual != newBytes) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED,
                        path,
                        "the block device has " + actual + " bytes, not " + newBytes
                                + "; change its size first, then resize the disk to that");
            }
        } else {
            int result = posix.ftruncate(fd.number(), newBytes);
            if (result < 0) {
                throw HostErrors.ofRequest(path, "ftruncate to " + newBytes + " bytes", -result);
            }
        }
        sizeBytes = newBytes;
    }

    @Override
    public void stopWriting() throws DiskImageException {
        flush();
        writingStopped = true;
        lock.share();
    }

    @Override
    public boolean readOnly() {
        return writingStopped || options.access() == Access.READ_ONLY;
    }

    /** Bytes that the file system has allocated; the size for a block device; -1 once closed. */
    @Override
    public long allocatedBytes() {
        if (closed) {
            return -1;
        }
        return device == null ? Math.max(-1, posix.allocatedBytes(fd.number())) : sizeBytes;
    }

    @Override
    public Extent extent(long offset, long length) throws DiskImageException {
        return holes.extent(offset, length, sizeBytes);
    }

    private void requireWritable() throws DiskImageException {
        if (readOnly()) {
            throw new DiskImageException(Kind.READ_ONLY, path, "it was opened to read");
        }
    }

    /** Closes and unlocks it. Idempotent. */
    @Override
    public void close() {
        closed = true;
        lock.close();
        cachedFd.close();
        fd.close();
    }
}
