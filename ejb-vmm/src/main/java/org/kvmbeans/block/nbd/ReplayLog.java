package org.kvmbeans.block.nbd;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Copies of the writes that a server has acknowledged and not flushed, oldest first: what a server that was restarted, with
 * its host perhaps, may have lost. Bounded: whoever finds no room flushes first.
 *
 * <p>Of a capacity of 0 it copies nothing, and still knows whether something may be lost. May be used from any thread.
 */
final class ReplayLog {
    /** What a request without data counts, as its entry takes memory too. */
    static final int ENTRY_BYTES = 128;

    private static final int SEGMENT_BYTES = 1 << 20;

    private final Posix posix;
    private final long capacityBytes;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private final List<Segment> free = new ArrayList<>();
    private @Nullable Segment current;
    /** What entries have, and what those hold who are about to make some. */
    private long usedBytes;

    private long lastNumber;
    private long flushedNumber;

    /** Memory that entries share one after the other. */
    private static final class Segment {
        private final NativeStruct memory;
        private int filled;
        private int pieces;

        Segment(Posix posix) {
            memory = new NativeStruct(posix, SEGMENT_BYTES);
        }
    }

    /**
     * A write, or a part of one.
     *
     * @param segment has its bytes from {@code start} on; null where it made zeroes
     * @param flags of the request
     */
    record Entry(
            long number,
            long reservedBytes,
            long offset,
            long length,
            @Nullable Segment segment,
            int start,
            int flags) {
        /** Puts its data into {@code vector}; false where it has none, having made zeroes. */
        boolean fill(IoVector vector) {
            vector.clear();
            if (segment != null) {
                vector.add(segment.memory.buffer(), segment.memory.address(), start, (int) length);
            }
            return segment != null;
        }
    }

    /** @param capacityBytes the most that the copies take */
    ReplayLog(Posix posix, long capacityBytes) {
        this.posix = posix;
        this.capacityBytes = capacityBytes;
    }

    boolean copies() {
        return capacityBytes > 0;
    }

    /**
     * Takes room for a write that is about to be sent, to be given to {@link #append} or {@link #cancel}.
     *
     * @return false where a flush is needed first; where that would not help, it waits instead
     */
    synchronized boolean reserve(long bytes) {
        boolean interrupted = false;
        while (copies() && usedBytes + bytes > capacityBytes) {
            if (!entries.isEmpty()) {
                restoreInterrupt(interrupted);
                return false;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        usedBytes += bytes;
        restoreInterrupt(interrupted);
        return true;
    }

    private static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives back what was reserved for a write that failed. */
    synchronized void cancel(long bytes) {
        usedBytes -= bytes;
        notifyAll();
    }

    /** Keeps a write that was acknowledged, for which {@code data.totalBytes()} were reserved. */
    synchronized void append(long offset, IoVector data) {
        long total = data.totalBytes();
        if (!copies()) {
            lastNumber++;
            usedBytes -= total;
            return;
        }
        for (long done = 0; done < total; ) {
            Segment segment = current;
            if (segment == null || segment.filled == SEGMENT_BYTES) {
                segment = free.isEmpty() ? new Segment(posix) : free.remove(free.size() - 1);
                segment.filled = 0;
                current = segment;
            }
            int length = (int) Math.min(SEGMENT_BYTES - segment.filled, total - done);
            data.copyTo(done, segment.memory.buffer().slice(segment.filled, length));
            entries.add(new Entry(++lastNumber, length, offset + done, length, segment, segment.filled, 0));
            segment.filled += length;
            segment.pieces++;
            done += length;
        }
        notifyAll();
    }

    /** Keeps a request to make zeroes, for which {@link #ENTRY_BYTES} were reserved. */
    synchronized void appendZeroes(long offset, long length, int flags) {
        lastNumber++;
        if (copies()) {
            entries.add(new Entry(lastNumber, ENTRY_BYTES, offset, length, null, 0, flags));
            notifyAll();
        } else {
            usedBytes -= ENTRY_BYTES;
        }
    }

    /** The last of the writes that a flush which begins now covers. */
    synchronized long mark() {
        return lastNumber;
    }

    /** Forgets the writes up to {@code mark}, which were flushed. */
    synchronized void flushed(long mark) {
        flushedNumber = Math.max(flushedNumber, mark);
        while (!entries.isEmpty() && entries.getFirst().number() <= mark) {
            Entry entry = entries.removeFirst();
            usedBytes -= entry.reservedBytes();
            Segment segment = entry.segment();
            if (segment != null && --segment.pieces == 0) {
                recycle(segment);
            }
        }
        notifyAll();
    }

    private void recycle(Segment segment) {
        if (segment == current) {
            segment.filled = 0;
        } else {
            free.add(segment);
        }
    }

    /** Whether writes were acknowledged that no flush has covered. */
    synchronized boolean hasUnflushed() {
        return lastNumber > flushedNumber;
    }

    /** The writes that are kept, oldest first; nobody must add any while they are looked at. */
    synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }
}
