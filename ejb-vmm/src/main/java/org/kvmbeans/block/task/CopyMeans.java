package org.kvmbeans.block.task;

import org.kvmbeans.sys.Posix;

/**
 * What a copy may use.
 *
 * @param posix for memory
 * @param workers threads that read and write, 1 to 64
 * @param bufferBytes of each of them: the largest request; a power of two, 64 KiB to 16 MiB
 * @param pace how fast it may be
 */
public record CopyMeans(Posix posix, int workers, int bufferBytes, CopyPace pace) {
    private static final int DEFAULT_WORKERS = 8;
    private static final int DEFAULT_BUFFER_BYTES = 2 << 20;
    private static final int MAX_WORKERS = 64;
    private static final int MIN_BUFFER_BYTES = 64 << 10;
    private static final int MAX_BUFFER_BYTES = 16 << 20;

    public CopyMeans {
        if (workers < 1 || workers > MAX_WORKERS) {
            throw new IllegalArgumentException(workers + " workers: give 1 to " + MAX_WORKERS);
        }
        if (bufferBytes < MIN_BUFFER_BYTES || bufferBytes > MAX_BUFFER_BYTES || Integer.bitCount(bufferBytes) != 1) {
            throw new IllegalArgumentException("buffers of " + bufferBytes + " bytes: give a power of two from "
                    + MIN_BUFFER_BYTES + " to " + MAX_BUFFER_BYTES);
        }
    }

    /** The usual: 8 threads with 2 MiB each, as fast as they can. */
    public static CopyMeans of(Posix posix) {
        return new CopyMeans(posix, DEFAULT_WORKERS, DEFAULT_BUFFER_BYTES, new CopyPace());
    }

    /** The same with buffers that hold a whole unit of a format. */
    CopyMeans forUnits(int unitBytes) {
        return new CopyMeans(posix, workers, Math.max(bufferBytes, unitBytes), pace);
    }

    /** The same at another pace. */
    public CopyMeans withPace(CopyPace newPace) {
        return new CopyMeans(posix, workers, bufferBytes, newPace);
    }
}
