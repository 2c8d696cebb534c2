package org.kvmbeans.stream;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The most recent output of a serial port or console, for any number of readers, each at a position of its own.
 *
 * <p>Bytes are numbered from 0. The newest {@value #CAPACITY_BYTES} are kept; the memory for them grows with what the
 * guest has written, so a silent port costs nothing. Thread-safe; a writer never waits for readers.
 */
public final class OutputHistory {
    /** The most bytes kept, and the most one read returns. */
    public static final int CAPACITY_BYTES = 1 << 20;

    /** The longest a read waits for output. */
    public static final long LONGEST_WAIT_MILLIS = 30_000;

    private static final int FIRST_ALLOCATION_BYTES = 1 << 8;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition appended = lock.newCondition();

    /** A ring with a power of two as its length: position p lies at {@code p & (length - 1)}. */
    private byte[] ring = {};

    private long start;
    private long end;

    /** Appends one byte and wakes the readers that wait for it. */
    public void append(byte octet) {
        lock.lock();
        try {
            put(octet);
            if (lock.hasWaiters(appended)) {
                appended.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Appends {@code length} bytes of {@code source} and wakes the readers that wait for them. */
    public void append(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        lock.lock();
        try {
            for (int i = offset; i < offset + length; i++) {
                put(source[i]);
            }
            if (lock.hasWaiters(appended)) {
                appended.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Counts {@code count} bytes that nobody can read any more; those kept until now are forgotten with them. */
    public void skip(long count) {
        lock.lock();
        try {
            end += count;
            start = end;
        } finally {
            lock.unlock();
        }
    }

    /** Position after the newest byte: how many bytes there have ever been. */
    public long endPosition() {
        lock.lock();
        try {
            return end;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The newest bytes.
     *
     * @param bytes how many at most, 1 to {@value #CAPACITY_BYTES}
     */
    public byte[] tail(int bytes) {
        checkCount("bytes", bytes);
        lock.lock();
        try {
            return copy(Math.max(start, end - bytes), end);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads on from a position, waiting while there is nothing at it.
     *
     * @param position position of the first byte wanted; negative or no longer kept: the oldest kept
     * @param maxBytes how many at most, 1 to {@value #CAPACITY_BYTES}
     * @param waitMillis how long to wait for a first byte, 0 to {@value #LONGEST_WAIT_MILLIS}
     * @return what there is, empty after the wait; an interrupt ends the wait and stays set on the thread
     */
    public OutputChunk readFrom(long position, int maxBytes, long waitMillis) {
        checkCount("maxBytes", maxBytes);
        if (waitMillis < 0 || waitMillis > LONGEST_WAIT_MILLIS) {
            throw new IllegalArgumentException(
                    "waitMillis is %d; want 0 to %d".formatted(waitMillis, LONGEST_WAIT_MILLIS));
        }
        lock.lock();
        try {
            if (position > end) {
                throw new IllegalArgumentException(
                        "position %d lies beyond the output, which ends at %d; want a position up to that, or -1 for the oldest kept"
                                .formatted(position, end));
            }
            awaitOutputAt(position, waitMillis);
            long from = Math.max(position, start);
            long to = Math.min(end, from + maxBytes);
            return new OutputChunk(from, to, copy(from, to));
        } finally {
            lock.unlock();
        }
    }

    private void awaitOutputAt(long position, long waitMillis) {
        long remainingNanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
        try {
            while (Math.max(position, start) == end && remainingNanos > 0) {
                remainingNanos = appended.awaitNanos(remainingNanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void put(byte octet) {
        if (end - start == ring.length) {
            makeRoom();
        }
        ring[(int) end & (ring.length - 1)] = octet;
        end++;
    }

    private void makeRoom() {
        if (ring.length == CAPACITY_BYTES) {
            start++;
            return;
        }
        byte[] larger = new byte[Math.max(FIRST_ALLOCATION_BYTES, 2 * ring.length)];
        for (long position = start; position < end; position++) {
            larger[(int) position & (larger.length - 1)] = ring[(int) position & (ring.length - 1)];
        }
        ring = larger;
    }

    private byte[] copy(long from, long to) {
        byte[] data = new byte[(int) (to - from)];
        if (data.length > 0) {
            int first = (int) from & (ring.length - 1);
            int untilWrap = Math.min(data.length, ring.length - first);
            System.arraycopy(ring, first, data, 0, untilWrap);
            System.arraycopy(ring, 0, data, untilWrap, data.length - untilWrap);
        }
        return data;
    }

    private static void checkCount(String what, int count) {
        if (count < 1 || count > CAPACITY_BYTES) {
            throw new IllegalArgumentException("%s is %d; want 1 to %d".formatted(what, count, CAPACITY_BYTES));
        }
    }
}
