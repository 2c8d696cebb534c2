package org.kvmbeans.export.storage;

import java.lang.ref.Reference;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * A file that is only looked at: it is not locked, so that others may write it meanwhile. What is read may be half old and half
 * new, which is good enough to show what an image says of itself, and for nothing else.
 */
final class UnlockedFile implements Storage {
    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    private final Posix posix;
    private final String path;
    private final OwnedFd fd;

    private UnlockedFile(Posix posix, String path, OwnedFd fd) {
        this.posix = posix;
        this.path = path;
        this.fd = fd;
    }

    static UnlockedFile open(Posix posix, String path) throws DiskImageException {
        int fd = posix.open(path, Open.RDONLY | Open.CLOEXEC | Open.NONBLOCK);
        if (fd < 0) {
            throw new DiskImageException(
                    fd == -Errno.ENOENT ? Kind.NOT_FOUND : Kind.DENIED, path, "open failed: " + Errno.name(-fd));
        }
        return new UnlockedFile(posix, path, new OwnedFd(posix, fd));
    }

    @Override
    public String name() {
        return path;
    }

    @Override
    public OpenOptions options() {
        return new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK, ImageRules.ALONE, SecretSource.NONE);
    }

    @Override
    public long sizeBytes() {
        return Math.max(0, posix.sizeBytes(fd.number()));
    }

    @Override
    public DiskGeometry geometry() {
        return new DiskGeometry(SECTOR_BYTES, PAGE_BYTES, 0, 0);
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        long read;
        try {
            read = posix.preadv(fd.number(), target.address(), target.count(), offset);
        } finally {
            Reference.reachabilityFence(target);
        }
        if (read < 0) {
            throw new DiskImageException(Kind.IO_ERROR, path, "preadv failed: " + Errno.name((int) -read));
        }
        target.zero(read, target.totalBytes() - read);
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        throw refused();
    }

    @Override
    public void flush() {}

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        throw refused();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        throw refused();
    }

    @Override
    public void resize(long newBytes) throws DiskImageException {
        throw refused();
    }

    private DiskImageException refused() {
        return new DiskImageException(Kind.READ_ONLY, path, "it was opened to be looked at");
    }

    @Override
    public long allocatedBytes() {
        return Math.max(-1, posix.allocatedBytes(fd.number()));
    }

    @Override
    public Extent extent(long offset, long length) {
        return new Extent(offset, length, Extent.Kind.DATA, 0, offset);
    }

    @Override
    public void close() {
        fd.close();
    }
}
