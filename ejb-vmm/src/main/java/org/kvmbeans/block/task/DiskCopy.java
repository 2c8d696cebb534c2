package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Progress;

/**
 * Copies ranges of a source to a sink, a piece for a buffer, many pieces at a time and in any order. Zeros are not written
 * but made, in whole units of the sink; and where the target lies over another image, only what differs from that.
 */
final class DiskCopy implements AutoCloseable {
    /** The most zeros of one request, so that a slow storage does not keep a cancellation waiting. */
    private static final long MAX_ZEROS_BYTES = 1L << 30;

    private final CopySource source;
    private final CopySink sink;
    private final @Nullable PaddedImage below;
    private final CopyMeans means;
    private final CopyMeter meter;
    private final CopyCrew crew;
    private boolean hurried;

    /**
     * Starts its threads.
     *
     * @param below what the target shows already; null for nothing that is worth a look
     * @param totalBytes what there may be to copy
     */
    DiskCopy(
            CopyMeans given,
            CopySource source,
            CopySink sink,
            @Nullable PaddedImage below,
            Progress progress,
            long totalBytes) {
        means = given.forUnits(sink.unitBytes());
        this.source = source;
        this.sink = sink;
        this.below = below;
        meter = new CopyMeter(progress, totalBytes);
        int buffers = below == null ? 1 : 2;
        crew = new CopyCrew(means.posix(), "copy", means.workers(), buffers * means.bufferBytes(), meter);
    }

    CopyMeter meter() {
        return meter;
    }

    /** Whether the pace does not matter for what is given out from now on. */
    void hurry(boolean newHurried) {
        hurried = newHurried;
    }

    /** Gives a range out to be copied; {@link #finish} waits for it. */
    void copy(long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            Stretch stretch = source.stretch(at, to - at);
            long end = pieceEnd(at, to);
            switch (stretch.kind()) {
                case SKIP -> {
                    end = stretch.end();
                    meter.skipped(end - at);
                    meter.run();
                }
                case ZERO -> end = copyZeros(at, stretch.end(), end, to);
                case DATA -> give(at, end);
            }
            at = end;
        }
    }

    private long pieceEnd(long at, long to) {
        return Math.min(to, (at / means.bufferBytes() + 1) * means.bufferBytes());
    }

    /** Zeros that fill whole pieces are made without a buffer; others are part of a piece. Returns where that ends. */
    private long copyZeros(long at, long zerosEnd, long pieceEnd, long to) throws IOException {
        long most = Math.min(zerosEnd, at + MAX_ZEROS_BYTES);
        long end = below == null ? most : below.zeroEnd(at, most);
        if (end < pieceEnd) {
            give(at, pieceEnd);
            return pieceEnd;
        }
        long whole = end == to ? to : end / means.bufferBytes() * means.bufferBytes();
        meter.skipped(whole - at);
        if (below == null) {
            crew.give(buffer -> sink.zeros(at, whole - at));
        } else {
            meter.run();
        }
        return whole;
    }

    private void give(long from, long to) throws IOException {
        if (!hurried) {
            means.pace().admit(to - from, meter);
        }
        crew.give(buffer -> {
            new CopyPiece(source, sink, below, buffer, means.bufferBytes()).copy(from, to);
            meter.copied(to - from);
        });
    }

    /** Waits until all that was given out is copied. */
    void finish() throws IOException {
        crew.awaitAll();
        meter.run();
    }

    /** Ends the threads. Idempotent. */
    @Override
    public void close() {
        crew.close();
    }
}
