package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.WriteWatch;
import org.kvmbeans.sys.Posix;

/**
 * The parts of a disk that a backup has still to copy. Each is copied once, by the backup's own threads or, before it
 * changes, by the thread that is about to write it. May be used from any thread, each a request in progress of the disk.
 */
final class BackupParts implements WriteWatch {
    /** Memory for writers, which copy one at a time. */
    private static final int BUFFER_BYTES = 1 << 20;

    private final CopySink sink;
    private final CopySource source;
    private final DirtyMap left;
    /** Guarded by this. */
    private final DirtyMap busy;
    /** Held by the writer that uses the buffer. */
    private final Object writer = new Object();

    private final CopyBuffer buffer;

    /** Guarded by this. */
    private @Nullable Throwable failure;

    /** Guarded by this. */
    private boolean ended;

    /** @param left what is to be copied */
    BackupParts(Posix posix, DiskImage image, CopySink sink, DirtyMap left) {
        this.sink = sink;
        this.left = left;
        source = CopySource.all(image);
        busy = new DirtyMap(left.sizeBytes(), left.granularityBytes());
        buffer = new CopyBuffer(posix, Math.max(BUFFER_BYTES, left.granularityBytes()));
    }

    /** A map for a disk and a sink. */
    static DirtyMap map(long sizeBytes, int unitBytes) {
        DirtyMap usual = DirtyMap.of(sizeBytes);
        return usual.granularityBytes() >= unitBytes ? usual : new DirtyMap(sizeBytes, unitBytes);
    }

    @Override
    public boolean delaysWrites() {
        return true;
    }

    @Override
    public void beforeChange(long offset, long length) {
        long granularity = left.granularityBytes();
        long from = offset / granularity * granularity;
        long to = Math.min(left.sizeBytes(), (offset + length + granularity - 1) / granularity * granularity);
        try {
            if (left.nextDirty(from) >= 0 && left.nextDirty(from) < to) {
                synchronized (writer) {
                    for (long at = from; at < to; at += buffer.bytes()) {
                        copy(at, Math.min(to, at + buffer.bytes()), buffer);
                    }
                }
            }
            awaitIdle(from, to);
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    @Override
    public void afterChange(long offset, long length) {
        // What was to be copied was copied before.
    }

    /** Copies what of a range, which fits the buffer, is left and nobody else is copying; how many bytes that was. */
    long copy(long from, long to, CopyBuffer with) throws IOException {
        long copied = 0;
        for (long at = from; at < to; ) {
            long begin;
            long end;
            synchronized (this) {
                begin = ended || failure != null ? -1 : left.nextDirty(at);
                if (begin < 0 || begin >= to) {
                    return copied;
                }
                end = left.dirtyEnd(begin, to);
                left.clear(begin, end);
                busy.mark(begin, end - begin);
            }
            try {
                new CopyPiece(source, sink, null, with, 0).copy(begin, end);
            } finally {
                synchronized (this) {
                    busy.clear(begin, end);
                    notifyAll();
                }
            }
            copied += end - begin;
            at = end;
        }
        return copied;
    }

    /** Waits until nobody copies in a range. */
    private synchronized void awaitIdle(long from, long to) {
        boolean interrupted = false;
        for (long next = busy.nextDirty(from); next >= 0 && next < to; next = busy.nextDirty(from)) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until no writer copies. */
    void awaitWriters() {
        awaitIdle(0, busy.sizeBytes());
    }

    private synchronized void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Tells the backup's own thread what a writer met. */
    synchronized void throwFailure() throws IOException {
        if (failure != null) {
            throw new IOException("the backup cannot go on: " + failure.getMessage(), failure);
        }
    }

    /** Nothing more is copied. */
    synchronized void end() {
        ended = true;
    }
}
