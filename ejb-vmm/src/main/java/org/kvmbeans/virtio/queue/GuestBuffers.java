package org.kvmbeans.virtio.queue;

import java.util.Arrays;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Mapping;

/**
 * Stretches of guest memory in order: the readable or the writable part of a {@link DescriptorChain}. Every stretch was
 * checked to be RAM when it was added. Used by one thread at a time.
 */
public final class GuestBuffers {
    private static final int FIRST_CAPACITY = 8;

    private final GuestMemory memory;
    private long[] addresses = new long[FIRST_CAPACITY];
    private int[] lengths = new int[FIRST_CAPACITY];
    private int count;
    private long totalBytes;

    GuestBuffers(GuestMemory memory) {
        this.memory = memory;
    }

    void clear() {
        count = 0;
        totalBytes = 0;
    }

    /** Adds a stretch that is RAM, or of no bytes. */
    void add(long gpa, long lengthBytes) {
        if (lengthBytes == 0) {
            return;
        }
        if (!memory.contains(gpa, lengthBytes)) {
            throw new VirtQueueException(
                    "a descriptor of %d bytes at 0x%x, which is not all RAM".formatted(lengthBytes, gpa));
        }
        long left = lengthBytes;
        long at = gpa;
        // Split where the memory's buffers end: each stretch is one segment of a vector and fits an int.
        while (left > 0) {
            int part = (int) Math.min(left, Mapping.WINDOW_BYTES - (at & (Mapping.WINDOW_BYTES - 1)));
            if (count == IoVector.MAX_SEGMENTS) {
                throw new VirtQueueException("a chain of more than " + IoVector.MAX_SEGMENTS + " stretches of memory");
            }
            if (count == addresses.length) {
                addresses = Arrays.copyOf(addresses, 2 * count);
                lengths = Arrays.copyOf(lengths, 2 * count);
            }
            addresses[count] = at;
            lengths[count] = part;
            count++;
            at += part;
            left -= part;
        }
        totalBytes += lengthBytes;
    }

    /** How many stretches there are. */
    public int count() {
        return count;
    }

    /** The bytes of all stretches. */
    public long totalBytes() {
        return totalBytes;
    }

    /** Guest-physical address of a stretch. */
    public long gpa(int index) {
        return addresses[index];
    }

    /** Bytes of a stretch. */
    public int lengthBytes(int index) {
        return lengths[index];
    }

    /** Copies {@code length} bytes from {@code offset} on into {@code target}; all must be there. */
    public void read(long offset, byte[] target, int start, int length) {
        transfer(offset, target, start, length, true);
    }

    /** Copies {@code length} bytes of {@code source} to {@code offset} and on; there must be room. */
    public void write(long offset, byte[] source, int start, int length) {
        transfer(offset, source, start, length, false);
    }

    private void transfer(long offset, byte[] bytes, int start, int length, boolean read) {
        if (offset < 0 || length < 0 || offset > totalBytes - length) {
            throw new IndexOutOfBoundsException(length + " bytes from " + offset + " on in " + totalBytes);
        }
        long skip = offset;
        int done = 0;
        for (int i = 0; done < length; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int part = (int) Math.min(length - done, lengths[i] - skip);
            if (read) {
                memory.read(addresses[i] + skip, bytes, start + done, part);
            } else {
                memory.write(addresses[i] + skip, bytes, start + done, part);
            }
            skip = 0;
            done += part;
        }
    }

    /** Fills {@code target} with {@code length} bytes from {@code offset} on, for system calls; it is cleared first. */
    public void vector(IoVector target, long offset, long length) {
        target.clear();
        appendTo(target, offset, length);
    }

    /** Adds {@code length} bytes from {@code offset} on to {@code target}, behind what is there, for system calls. */
    public void appendTo(IoVector target, long offset, long length) {
        if (offset < 0 || length < 0 || offset > totalBytes - length) {
            throw new IndexOutOfBoundsException(length + " bytes from " + offset + " on in " + totalBytes);
        }
        long skip = offset;
        long left = length;
        for (int i = 0; left > 0; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            long part = Math.min(left, lengths[i] - skip);
            memory.addTo(target, addresses[i] + skip, part);
            skip = 0;
            left -= part;
        }
    }
}
