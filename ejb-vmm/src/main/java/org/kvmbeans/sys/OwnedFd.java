package org.kvmbeans.sys;

import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicBoolean;

/** A file descriptor with one owner, closed once. */
public final class OwnedFd implements AutoCloseable {
    private final Posix posix;
    private final int fd;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over {@code fd}. */
    public OwnedFd(Posix posix, int fd) {
        this.posix = posix;
        this.fd = fd;
    }

    /** The number of the descriptor. */
    public int number() {
        return fd;
    }

    /** ioctl(2) on the descriptor: the result, or a negated errno; EBADF once closed, when its number may be another's. */
    public int ioctl(long request, long argument) {
        return closed.get() ? -Errno.EBADF : posix.ioctl(fd, request, argument);
    }

    /** ioctl(2) that must succeed; {@code name} and {@code arguments} go into the exception where it does not. */
    public int ioctl(String name, long request, long argument, String arguments) {
        return PosixException.check(ioctl(request, argument), name, arguments);
    }

    /** ioctl(2) that must succeed, with a structure as its argument. */
    public int ioctl(String name, long request, NativeStruct struct, String arguments) {
        try {
            return ioctl(name, request, struct.address(), arguments);
        } finally {
            Reference.reachabilityFence(struct);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            posix.close(fd);
        }
    }
}
