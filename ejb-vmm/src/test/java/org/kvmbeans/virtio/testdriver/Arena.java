package org.kvmbeans.virtio.testdriver;

import org.kvmbeans.memory.GuestMemory;

/**
 * Hands out stretches of guest memory, one after the other; at the end it starts over. What was handed out longest ago is then
 * handed out again, so a test holds no more at once than fits.
 */
public final class Arena {
    private static final long ALIGNMENT = 16;

    private final GuestMemory memory;
    private long start;
    private final long end;
    private long next;

    /** Hands out the bytes from {@code start} to before {@code end}. */
    public Arena(GuestMemory memory, long start, long end) {
        this.memory = memory;
        this.start = start;
        this.end = end;
        this.next = start;
    }

    /** The guest-physical address of {@code bytes} bytes, aligned to 16; they hold what was there before. */
    public long allocate(long bytes) {
        return allocate(bytes, ALIGNMENT);
    }

    /** The same with an alignment, a power of two. */
    public synchronized long allocate(long bytes, long alignment) {
        long at = (next + alignment - 1) & -alignment;
        if (at + bytes > end) {
            at = (start + alignment - 1) & -alignment;
        }
        if (at + bytes > end) {
            throw new IllegalArgumentException(bytes + " bytes do not fit the arena of " + (end - start));
        }
        next = at + bytes;
        return at;
    }

    /** Never hands out again what was handed out so far. */
    public synchronized void keep() {
        start = next;
    }

    /** Puts bytes into memory of their own. */
    public long store(byte... bytes) {
        long gpa = allocate(bytes.length);
        memory.write(gpa, bytes, 0, bytes.length);
        return gpa;
    }

    /** Reads bytes. */
    public byte[] load(long gpa, int bytes) {
        byte[] target = new byte[bytes];
        memory.read(gpa, target, 0, bytes);
        return target;
    }
}
