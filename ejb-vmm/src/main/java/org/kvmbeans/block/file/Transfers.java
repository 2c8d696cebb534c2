package org.kvmbeans.block.file;

import java.lang.ref.Reference;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/** Moves whole vectors between memory and a file: what the kernel does in part is continued. Keeps no state. */
final class Transfers {
    private static final long BUSY_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int BUSY_TRIES = 1000;

    private final Posix posix;
    private final String path;

    Transfers(Posix posix, String path) {
        this.posix = posix;
        this.path = path;
    }

    private enum Direction {
        READ("read"),
        WRITE("write");

        private final String text;

        Direction(String text) {
            this.text = text;
        }

        long call(Posix posix, int fd, IoVector vector, long position) {
            try {
                if (vector.count() == 1) {
                    long address = vector.segmentAddress(0);
                    return this == READ
                            ? posix.pread(fd, address, vector.totalBytes(), position)
                            : posix.pwrite(fd, address, vector.totalBytes(), position);
                }
                return this == READ
                        ? posix.preadv(fd, vector.address(), vector.count(), position)
                        : posix.pwritev(fd, vector.address(), vector.count(), position);
            } finally {
                Reference.reachabilityFence(vector);
            }
        }
    }

    /**
     * Fills {@code target}.
     *
     * @param fileBytes where the file ends: bytes from there on read as zeros
     */
    void read(int fd, long offset, IoVector target, long fileBytes) throws DiskImageException {
        long total = target.totalBytes();
        IoVector rest = target;
        for (long done = 0; done < total; ) {
            if (offset + done >= fileBytes) {
                target.zero(done, total - done);
                return;
            }
            long count = call(Direction.READ, fd, rest, offset + done);
            if (count == 0) {
                throw new DiskImageException(
                        Kind.IO_ERROR,
                        path,
                        "it ends at byte " + (offset + done) + ", but had " + fileBytes
                                + " bytes: somebody else has cut it off");
            }
            done += count;
            rest = rest(target, done);
        }
    }

    /** Writes all of {@code source}. */
    void write(int fd, long offset, IoVector source) throws DiskImageException {
        long total = source.totalBytes();
        IoVector rest = source;
        for (long done = 0; done < total; ) {
            long count = call(Direction.WRITE, fd, rest, offset + done);
            if (count == 0) {
                throw new DiskImageException(Kind.IO_ERROR, path, "the host wrote nothing at byte " + (offset + done));
            }
            done += count;
            rest = rest(source, done);
        }
    }

    private IoVector rest(IoVector whole, long done) {
        if (done >= whole.totalBytes()) {
            return whole;
        }
        IoVector rest = new IoVector(posix, whole.count());
        whole.sliceInto(rest, done, whole.totalBytes() - done);
        return rest;
    }

    private long call(Direction direction, int fd, IoVector vector, long position) throws DiskImageException {
        for (int tries = 0; ; ) {
            long result = direction.call(posix, fd, vector, position);
            if (result >= 0) {
                return result;
            }
            if (result == -Errno.EAGAIN && tries < BUSY_TRIES) {
                tries++;
                LockSupport.parkNanos(BUSY_PAUSE_NANOS);
            } else if (result != -Errno.EINTR) {
                String what = direction.text + " of " + vector.totalBytes() + " bytes at " + position;
                throw HostErrors.ofRequest(path, what, (int) -result);
            }
        }
    }
}
