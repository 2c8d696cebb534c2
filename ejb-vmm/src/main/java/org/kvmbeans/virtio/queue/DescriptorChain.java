package org.kvmbeans.virtio.queue;

import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.IoVector;

/**
 * One request of the driver: what the device may read, then what it may write. Belongs to its queue, which uses it again
 * after {@link VirtQueue#push}.
 *
 * <p>A chain has at most {@link #MAX_DESCRIPTORS} descriptors and 2^32 bytes (virtio 1.2, 2.7.5.2), and each of its parts fits one
 * {@link IoVector}. A descriptor of no bytes is allowed, whatever its address, and adds nothing.
 */
public final class DescriptorChain {
    /** The most descriptors of a chain, those in an indirect table among them: as many as one system call takes. */
    public static final int MAX_DESCRIPTORS = IoVector.MAX_SEGMENTS;

    private static final long MAX_BYTES = 1L << 32;

    private final GuestBuffers readable;
    private final GuestBuffers writable;
    private int id;
    private int entries;
    private long number;
    private int descriptors;
    private boolean writableSeen;
    /** Whether the device has it. */
    private boolean taken;
    /** Whether the device has given it back, and it waits for those taken before it. */
    private boolean done;

    private long writtenBytes;
    private long takenNanos;
    /** Whether it was counted as taken. */
    private boolean counted;

    DescriptorChain(GuestMemory memory) {
        readable = new GuestBuffers(memory);
        writable = new GuestBuffers(memory);
    }

    void reset() {
        descriptors = 0;
        writableSeen = false;
        done = false;
        counted = false;
        readable.clear();
        writable.clear();
    }

    /** Adds what one descriptor says; writable ones come last (virtio 1.2, 2.7.4.2). */
    void add(long gpa, long lengthBytes, boolean deviceWrites) {
        descriptors++;
        if (descriptors > MAX_DESCRIPTORS) {
            throw new VirtQueueException("a chain of more than " + MAX_DESCRIPTORS + " descriptors");
        }
        if (deviceWrites) {
            writableSeen = true;
            writable.add(gpa, lengthBytes);
        } else if (writableSeen) {
            throw new VirtQueueException("a readable descriptor after a writable one");
        } else {
            readable.add(gpa, lengthBytes);
        }
        if (readable.totalBytes() + writable.totalBytes() > MAX_BYTES) {
            throw new VirtQueueException("a chain of more than 2^32 bytes");
        }
    }

    /** Marks it as the device's. */
    void take(int newId, int newEntries, long newNumber) {
        id = newId;
        number = newNumber;
        entries = newEntries;
        taken = true;
    }

    /** Marks it as the driver's again; a device that gives back what it does not have is broken. */
    void giveBack() {
        if (!taken) {
            throw new IllegalStateException("a chain given back that was not taken");
        }
        taken = false;
    }

    /** Counts chains in the order in which they were taken. */
    long number() {
        return number;
    }

    void done(long written) {
        done = true;
        writtenBytes = written;
    }

    boolean isDone() {
        return done;
    }

    long writtenBytes() {
        return writtenBytes;
    }

    /** The id by which the ring knows it: the first descriptor's index, or a packed ring's buffer id. */
    int id() {
        return id;
    }

    /** How many entries of the used ring, or of the packed ring, it takes. */
    int entries() {
        return entries;
    }

    /** When it was taken, as {@link System#nanoTime}. */
    long takenNanos() {
        return takenNanos;
    }

    void takenAt(long nanos) {
        takenNanos = nanos;
    }

    boolean isCounted() {
        return counted;
    }

    void markCounted() {
        counted = true;
    }

    /** What the device may read. */
    public GuestBuffers readable() {
        return readable;
    }

    /** What the device may write. */
    public GuestBuffers writable() {
        return writable;
    }
}
