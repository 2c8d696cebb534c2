package org.kvmbeans.stream;

import java.util.Arrays;

/**
 * What the host has typed and the guest has not taken yet: whole texts, in order, bounded.
 *
 * <p>Not thread-safe but for {@link #size}: its owner's lock guards it. An empty queue holds no memory.
 */
public final class InputQueue {
    /** The most bytes that wait. */
    public static final int CAPACITY_BYTES = 64 << 10;

    private static final byte[] NOTHING = {};

    private byte[] waiting = NOTHING;
    private int taken;
    /** What waits, for those who look without the lock. */
    private volatile int size;

    /** Bytes that wait; any thread may ask. */
    public int size() {
        return size;
    }

    /**
     * Adds all of {@code bytes}, or nothing.
     *
     * @throws IllegalStateException where there is no room for all of them
     */
    public void offer(byte[] bytes) {
        int room = CAPACITY_BYTES - size();
        if (bytes.length > room) {
            throw new IllegalStateException(
                    "input of %d bytes does not fit: the guest has left room for %d of %d; offer at most that, or wait until the guest has read"
                            .formatted(bytes.length, room, CAPACITY_BYTES));
        }
        int before = size();
        byte[] joined = Arrays.copyOf(Arrays.copyOfRange(waiting, taken, waiting.length), before + bytes.length);
        System.arraycopy(bytes, 0, joined, before, bytes.length);
        waiting = joined;
        taken = 0;
        size = joined.length;
    }

    /** Takes the oldest byte of a queue that is not empty. */
    public byte take() {
        byte octet = waiting[taken++];
        settle();
        return octet;
    }

    /**
     * Takes the oldest bytes.
     *
     * @param most how many at most, 0 to the length of {@code target}
     * @return how many it took
     */
    public int take(byte[] target, int most) {
        int count = Math.min(size(), most);
        System.arraycopy(waiting, taken, target, 0, count);
        taken += count;
        settle();
        return count;
    }

    /** Forgets what waits. */
    public void clear() {
        taken = waiting.length;
        settle();
    }

    private void settle() {
        if (taken == waiting.length) {
            waiting = NOTHING;
            taken = 0;
        }
        size = waiting.length - taken;
    }
}
