package org.kvmbeans.block.task;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One piece of a copy, as large as a buffer at most. */
final class CopyPiece {
    private final CopySource source;
    private final CopySink sink;
    private final @Nullable PaddedImage below;
    private final CopyBuffer buffer;
    /** Where the image below is read to in the buffer. */
    private final int belowAt;

    private long begin;

    CopyPiece(CopySource source, CopySink sink, @Nullable PaddedImage below, CopyBuffer buffer, int belowAt) {
        this.source = source;
        this.sink = sink;
        this.below = below;
        this.buffer = buffer;
        this.belowAt = belowAt;
    }

    /** Copies a range that fits the buffer: what lies between two stretches to skip at a time. */
    void copy(long from, long to) throws IOException {
        begin = from;
        long part = from;
        long data = from;
        long at = from;
        while (at < to) {
            Stretch stretch = source.stretch(at, to - at);
            // Data that adjoins is read by one request, wherever it lies in the source.
            if (stretch.kind() != Stretch.Kind.DATA) {
                read(data, at);
                if (stretch.kind() == Stretch.Kind.ZERO) {
                    buffer.part(at(at), (int) stretch.bytes()).zero(0, stretch.bytes());
                } else {
                    store(part, at);
                    part = stretch.end();
                }
                data = stretch.end();
            }
            at = stretch.end();
        }
        read(data, to);
        store(part, to);
    }

    private int at(long offset) {
        return (int) (offset - begin);
    }

    private void read(long from, long to) throws IOException {
        if (from < to) {
            source.read(from, buffer.part(at(from), (int) (to - from)));
        }
    }

    private enum Unit {
        DATA,
        ZERO,
        SAME
    }

    /** Stores what the buffer holds of a range, units of one kind at a time. */
    private void store(long from, long to) throws IOException {
        if (from == to) {
            return;
        }
        if (below != null) {
            below.read(from, buffer.part(belowAt + at(from), (int) (to - from)));
        }
        long run = from;
        Unit runKind = Unit.SAME;
        for (long at = from; at < to; ) {
            long end = Math.min(to, (at / sink.unitBytes() + 1) * sink.unitBytes());
            Unit kind = kind(at, end);
            if (kind != runKind) {
                emit(runKind, run, at);
                run = at;
                runKind = kind;
            }
            at = end;
        }
        emit(runKind, run, to);
    }

    private Unit kind(long from, long to) {
        int at = at(from);
        int length = (int) (to - from);
        if (below != null && buffer.mismatch(at, buffer, belowAt + at, length) < 0) {
            return Unit.SAME;
        }
        return buffer.isZero(at, length) ? Unit.ZERO : Unit.DATA;
    }

    private void emit(Unit kind, long from, long to) throws IOException {
        if (from == to) {
            return;
        }
        switch (kind) {
            case DATA -> sink.data(from, buffer.part(at(from), (int) (to - from)));
            case ZERO -> sink.zeros(from, to - from);
            case SAME -> {}
        }
    }
}
