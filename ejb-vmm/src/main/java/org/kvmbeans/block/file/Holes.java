package org.kvmbeans.block.file;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * Stretches of a file or block device that are given back or become zeros without being written: fallocate(2). What the
 * file system or device turns out not to have is not asked for again. May be used from any thread.
 */
final class Holes {
    private static final int KEEP_SIZE = 0x01;
    private static final int PUNCH_HOLE = 0x02;
    private static final int ZERO_RANGE = 0x10;

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final Posix posix;
    private final OwnedFd fd;
    private final String path;
    private final @Nullable BlockDeviceIoctl device;
    private volatile boolean discards = true;
    private volatile boolean punches = true;
    private volatile boolean zeroes = true;

    /** @param device null for a regular file */
    Holes(Posix posix, OwnedFd fd, String path, @Nullable BlockDeviceIoctl device) {
        this.posix = posix;
        this.fd = fd;
        this.path = path;
        this.device = device;
    }

    /** Gives a stretch back; its contents are as before where the storage cannot. */
    void discard(long offset, long length) throws DiskImageException {
        if (device == null) {
            punch(offset, length);
        } else if (discards) {
            discards = supported("BLKDISCARD", device.discard(offset, length), offset, length);
        }
    }

    /**
     * Makes a stretch read as zeros.
     *
     * @param mayUnmap whether its storage may be given back
     * @return false where the storage cannot: the zeros have to be written
     */
    boolean zero(long offset, long length, boolean mayUnmap) throws DiskImageException {
        return (mayUnmap && punch(offset, length)) || zeroRange(offset, length);
    }

    /** The stretch from {@code offset} on that is a hole, or is none; as {@link org.kvmbeans.block.Storage#extent}. */
    Extent extent(long offset, long length, long fileBytes) {
        if (offset >= fileBytes) {
            return new Extent(offset, length, Extent.Kind.ZERO, 0, -1);
        }
        long most = Math.min(length, fileBytes - offset);
        // lseek moves the descriptor's position, which nothing here uses.
        long data = posix.lseek(fd.number(), offset, SEEK_DATA);
        if (data == -Errno.ENXIO) {
            return new Extent(offset, length, Extent.Kind.ZERO, 0, -1);
        }
        if (data > offset) {
            return new Extent(offset, Math.min(most, data - offset), Extent.Kind.ZERO, 0, -1);
        }
        long hole = data < 0 ? data : posix.lseek(fd.number(), offset, SEEK_HOLE);
        return new Extent(offset, hole > offset ? Math.min(most, hole - offset) : most, Extent.Kind.DATA, 0, offset);
    }

    private boolean punch(long offset, long length) throws DiskImageException {
        if (punches) {
            int result = allocate(PUNCH_HOLE | KEEP_SIZE, offset, length);
            punches = supported("FALLOC_FL_PUNCH_HOLE", result, offset, length);
        }
        return punches;
    }

    private boolean zeroRange(long offset, long length) throws DiskImageException {
        if (zeroes) {
            int result = allocate(ZERO_RANGE | KEEP_SIZE, offset, length);
            zeroes = supported("FALLOC_FL_ZERO_RANGE", result, offset, length);
        }
        return zeroes;
    }

    private int allocate(int mode, long offset, long length) {
        int result;
        do {
            result = posix.fallocate(fd.number(), mode, offset, length);
        } while (result == -Errno.EINTR);
        return result;
    }

    private boolean supported(String call, int result, long offset, long length) throws DiskImageException {
        if (result == -Errno.EOPNOTSUPP || result == -Errno.ENOSYS) {
            return false;
        }
        if (result < 0) {
            throw HostErrors.ofRequest(path, call + " of " + length + " bytes at " + offset, -result);
        }
        return true;
    }
}
