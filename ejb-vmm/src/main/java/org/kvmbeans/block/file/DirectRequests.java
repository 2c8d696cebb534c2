package org.kvmbeans.block.file;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.LinuxAio;
import org.kvmbeans.sys.Posix;

/**
 * Direct reads and writes of a {@link HostFile} in the kernel's background: those that the kernel can begin without
 * waiting, for memory or for the file system's allocation for instance. The others are refused.
 */
final class DirectRequests<T> implements AsyncRequests<T> {
    /** preadv2(2): fails with EAGAIN where the request could not be begun at once. */
    private static final int RWF_NOWAIT = 0x8;

    /** The most at a time; further ones wait on threads. A host allows for 65,536 of all (fs.aio-max-nr). */
    private static final int DEPTH = 128;

    /** The most writes that are refused because one had to wait. */
    private static final int MOST_TO_PASS = 64;

    private final HostFile file;
    private final LinuxAio<Request<T>> io;
    /** Without it the kernel waits in the midst of a submission, which block devices do seldom. */
    private int flags = RWF_NOWAIT;

    private boolean usable = true;
    /**
     * How many writes are refused when the next one has to wait: one while that is seldom, as when a file's time of change is
     * due, but more and more where a file is filled for the first time.
     */
    private int passAfterWait = 1;

    private int writesToPass;

    private record Request<T>(T request, long bytes, boolean write) {}

    private DirectRequests(HostFile file, LinuxAio<Request<T>> io) {
        this.file = file;
        this.io = io;
    }

    /** Null where the kernel has no means left. */
    static <T> @Nullable DirectRequests<T> open(Posix posix, HostFile file, EventFd signal) {
        LinuxAio<Request<T>> io = LinuxAio.open(posix, signal, DEPTH);
        return io == null ? null : new DirectRequests<>(file, io);
    }

    @Override
    public boolean read(long offset, IoVector target, T request) {
        if (!takes(offset, target)) {
            return false;
        }
        io.read(file.number(), offset, target, flags, new Request<>(request, target.totalBytes(), false));
        return true;
    }

    @Override
    public boolean write(long offset, IoVector source, T request) {
        if (writesToPass > 0) {
            writesToPass--;
            return false;
        }
        if (!takes(offset, source)) {
            return false;
        }
        io.write(file.number(), offset, source, flags, new Request<>(request, source.totalBytes(), true));
        return true;
    }

    private boolean takes(long offset, IoVector vector) {
        return usable && io.room() > 0 && file.takesDirect(offset, vector);
    }

    @Override
    public void submit() {
        io.submit();
    }

    @Override
    public void reap(Listener<T> listener) {
        io.reap((request, result) -> {
            if (result == -Errno.EOPNOTSUPP) {
                cannotTell();
            } else if (request.write()) {
                wrote(result == -Errno.EAGAIN);
            }
            listener.ended(request.request(), result == request.bytes());
        });
    }

    private void wrote(boolean hadToWait) {
        if (!hadToWait) {
            passAfterWait = 1;
        } else if (writesToPass == 0) {
            writesToPass = passAfterWait;
            passAfterWait = Math.min(MOST_TO_PASS, 2 * passAfterWait);
        }
    }

    /** The file system or the device's driver does not know whether it would have to wait. */
    private void cannotTell() {
        if (flags != 0 && file.isDevice()) {
            flags = 0;
        } else {
            usable = false;
        }
    }

    @Override
    public void close() {
        io.close();
    }
}
