package org.kvmbeans.block.file;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode.Durability;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * A file as it was just opened and locked.
 *
 * @param fd opened as the cache mode says
 * @param cachedFd the same file through the page cache: {@code fd} itself where that is not direct, or takes all there is
 * @param lock what keeps others out while {@code fd} is open
 * @param device null for a regular file
 * @param sizeBytes where it ends
 * @param alignment what direct I/O asks for
 */
record HostFileOpening(
        OwnedFd fd,
        OwnedFd cachedFd,
        ImageLock lock,
        @Nullable BlockDeviceIoctl device,
        long sizeBytes,
        DirectAlignment alignment) {
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_REGULAR = 0x8000;
    private static final int TYPE_BLOCK = 0x6000;

    static HostFileOpening open(Posix posix, String path, OpenOptions options) throws DiskImageException {
        OwnedFd fd = openFile(posix, path, flags(options), options);
        ImageLock lock = null;
        try {
            BlockDeviceIoctl device = isBlockDevice(posix, fd, path) ? new BlockDeviceIoctl(posix, fd, path) : null;
            if (device != null && options.access() == Access.READ_WRITE) {
                // A lock tells whose it is, which the kernel's refusal of the second descriptor does not.
                ImageLock.acquire(posix, fd.number(), path, options.access());
                // Its first descriptor told that it is a block device; only this one claims it from the host.
                fd.close();
                fd = openFile(posix, path, flags(options) | Open.EXCL, options);
                device = new BlockDeviceIoctl(posix, fd, path);
            }
            lock = ImageLock.acquire(posix, fd.number(), path, options.access());
            long size = device == null ? posix.sizeBytes(fd.number()) : device.sizeBytes();
            if (size < 0) {
                throw HostErrors.ofRequest(path, "fstat", (int) -size);
            }
            DirectAlignment alignment = DirectAlignment.of(posix, fd.number());
            OwnedFd cachedFd = cached(posix, fd, options, alignment);
            return new HostFileOpening(fd, cachedFd, lock, device, size, alignment);
        } catch (DiskImageException | RuntimeException e) {
            if (lock != null) {
                lock.close();
            }
            fd.close();
            throw e;
        }
    }

    private static int flags(OpenOptions options) {
        // A FIFO in the place of an image must not make the open wait; files and block devices do not care.
        int flags = Open.CLOEXEC | Open.NONBLOCK;
        flags |= options.access() == Access.READ_WRITE ? Open.RDWR : Open.RDONLY;
        flags |= options.cache().direct() ? Open.DIRECT : 0;
        return flags | (options.cache().durability() == Durability.AFTER_WRITE ? Open.DSYNC : 0);
    }

    private static OwnedFd openFile(Posix posix, String path, int flags, OpenOptions options)
            throws DiskImageException {
        int fd;
        do {
            fd = posix.open(path, flags);
        } while (fd == -Errno.EINTR);
        if (fd < 0) {
            throw HostErrors.ofOpen(path, options, -fd);
        }
        return new OwnedFd(posix, fd);
    }

    /** By way of /proc, where the path leads to the same file though its name may be another's by now. */
    private static OwnedFd cached(Posix posix, OwnedFd fd, OpenOptions options, DirectAlignment alignment)
            throws DiskImageException {
        return options.cache().direct() && !alignment.takesAnyBytes()
                ? openFile(posix, "/proc/self/fd/" + fd.number(), flags(options) & ~Open.DIRECT, options)
                : fd;
    }

    private static boolean isBlockDevice(Posix posix, OwnedFd fd, String path) throws DiskImageException {
        int mode = posix.mode(fd.number());
        if (mode < 0) {
            throw HostErrors.ofRequest(path, "fstat", -mode);
        }
        return switch (mode & TYPE_MASK) {
            case TYPE_REGULAR -> false;
            case TYPE_BLOCK -> true;
            default ->
                throw new DiskImageException(Kind.UNSUPPORTED, path, "it is neither a regular file nor a block device");
        };
    }
}
