package org.kvmbeans.block.file;

import java.util.ArrayDeque;
import java.util.Queue;
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

    /**
     * Larger requests go in pieces of this: 64 pages, which in the worst case all lie apart. Disks take 126 such segments or
     * more in a request; one that has more must be split, for which the kernel does not wait either, but gives up.
     */
    private static final int PIECE_BYTES = 256 << 10;

    private static final int PIECE_SEGMENTS = 64;

    /** After a write that had to wait: where a file is filled for the first time, most have to. */
    private static final int WRITES_TO_PASS = 64;

    private final Posix posix;
    private final HostFile file;
    private final LinuxAio<Piece<T>> io;
    /** For pieces of larger requests. */
    private final Queue<IoVector> spare = new ArrayDeque<>();
    /** Without it the kernel waits in the midst of a submission, which block devices do seldom. */
    private int flags = RWF_NOWAIT;

    private boolean usable = true;
    private int writesToPass;

    private static final class Request<T> {
        private final T request;
        private int piecesLeft;
        private boolean done = true;

        Request(T request, int pieces) {
            this.request = request;
            piecesLeft = pieces;
        }
    }

    /** @param spare what becomes so when the piece is done */
    private record Piece<T>(
            Request<T> of,
            long bytes,
            boolean write,
            @Nullable IoVector spare) {}

    private DirectRequests(Posix posix, HostFile file, LinuxAio<Piece<T>> io) {
        this.posix = posix;
        this.file = file;
        this.io = io;
    }

    /** Null where the kernel has no means left. */
    static <T> @Nullable DirectRequests<T> open(Posix posix, HostFile file, EventFd signal) {
        LinuxAio<Piece<T>> io = LinuxAio.open(posix, signal, DEPTH);
        return io == null ? null : new DirectRequests<>(posix, file, io);
    }

    @Override
    public boolean read(long offset, IoVector target, T request) {
        return take(offset, target, request, false);
    }

    @Override
    public boolean write(long offset, IoVector source, T request) {
        if (writesToPass > 0) {
            writesToPass--;
            return false;
        }
        return take(offset, source, request, true);
    }

    private boolean take(long offset, IoVector vector, T request, boolean write) {
        long total = vector.totalBytes();
        int pieces = (int) ((total + PIECE_BYTES - 1) / PIECE_BYTES);
        if (!usable || io.room() < pieces || !file.takesDirect(offset, vector)) {
            return false;
        }
        Request<T> taken = new Request<>(request, pieces);
        if (pieces == 1) {
            take(offset, vector, new Piece<>(taken, total, write, null));
            return true;
        }
        for (long done = 0; done < total; done += PIECE_BYTES) {
            IoVector part = spare.isEmpty() ? new IoVector(posix, PIECE_SEGMENTS) : spare.remove();
            vector.sliceInto(part, done, Math.min(PIECE_BYTES, total - done));
            take(offset + done, part, new Piece<>(taken, part.totalBytes(), write, part));
        }
        return true;
    }

    private void take(long offset, IoVector vector, Piece<T> piece) {
        if (piece.write()) {
            io.write(file.number(), offset, vector, flags, piece);
        } else {
            io.read(file.number(), offset, vector, flags, piece);
        }
    }

    @Override
    public void submit() {
        io.submit();
    }

    @Override
    public void reap(Listener<T> listener) {
        io.reap((piece, result) -> {
            if (result == -Errno.EOPNOTSUPP) {
                cannotTell();
            } else if (result == -Errno.EAGAIN && piece.write()) {
                writesToPass = WRITES_TO_PASS;
            }
            if (piece.spare() != null) {
                piece.spare().clear();
                spare.add(piece.spare());
            }
            Request<T> request = piece.of();
            request.done &= result == piece.bytes();
            request.piecesLeft--;
            if (request.piecesLeft == 0) {
                listener.ended(request.request, request.done);
            }
        });
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
