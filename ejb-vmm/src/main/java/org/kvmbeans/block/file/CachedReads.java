package org.kvmbeans.block.file;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoUring;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * Reads of up to 1 MiB of a {@link HostFile} through the page cache. What that has is copied in the call that hands the
 * requests over, or by threads of the kernel where several are large; what it has not, the kernel reads in its background.
 * Writes are refused: memory takes them at once.
 */
final class CachedReads<T> implements AsyncRequests<T> {
    /** The most at a time; further ones wait on threads. */
    private static final int DEPTH = 128;

    private final HostFile file;
    private final IoUring<Request<T>> io;

    private record Request<T>(T request, long bytes) {}

    private CachedReads(HostFile file, IoUring<Request<T>> io) {
        this.file = file;
        this.io = io;
    }

    /** Null where the kernel has no means for it. */
    static <T> @Nullable CachedReads<T> open(Posix posix, HostFile file, EventFd signal) {
        IoUring<Request<T>> io = IoUring.open(posix, signal, DEPTH);
        return io == null ? null : new CachedReads<>(file, io);
    }

    @Override
    public boolean read(long offset, IoVector target, T request) {
        if (io.room() == 0 || !file.copiesSoon(offset, target)) {
            return false;
        }
        io.read(file.number(), offset, target, new Request<>(request, target.totalBytes()));
        return true;
    }

    @Override
    public boolean write(long offset, IoVector source, T request) {
        return false;
    }

    @Override
    public void submit() {
        io.submit();
    }

    @Override
    public void reap(Listener<T> listener) {
        io.reap((request, result) -> listener.ended(request.request(), result == request.bytes()));
    }

    @Override
    public void close() {
        io.close();
    }
}
