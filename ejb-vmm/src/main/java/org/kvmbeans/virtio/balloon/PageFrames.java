package org.kvmbeans.virtio.balloon;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.virtio.queue.GuestBuffers;

/**
 * Reads the lists of page frame numbers in the inflate and deflate queues (virtio 1.2, 5.5.6): le32 numbers of pages of 4
 * KiB. Used by one thread at a time.
 */
final class PageFrames {
    /** The most frames of one request, 256 MiB of the guest; Linux sends 256 frames at once. */
    static final int MAX_FRAMES = 1 << 16;

    private static final int BATCH = 1024;

    /** Pages that follow one another. */
    interface Runs {
        /** Takes {@code bytes} of RAM, whole pages, from {@code gpa} on. */
        void run(long gpa, long bytes);
    }

    private final byte[] bytes = new byte[BATCH * Integer.BYTES];
    private final long[] frames = new long[BATCH];

    /**
     * Gives the pages of a list to {@code runs}, neighbours together: a guest frees many pages side by side, and one call to
     * the host then serves them all.
     *
     * @return frames left out: those that are not RAM, those beyond {@link #MAX_FRAMES}, and an incomplete one at the end
     */
    long forEachRun(GuestBuffers list, GuestMemory memory, Runs runs) {
        long total = list.totalBytes() / Integer.BYTES;
        long readable = Math.min(total, MAX_FRAMES);
        long refused = total - readable + (list.totalBytes() % Integer.BYTES == 0 ? 0 : 1);
        for (long done = 0; done < readable; ) {
            int count = (int) Math.min(readable - done, BATCH);
            list.read(done * Integer.BYTES, bytes, 0, count * Integer.BYTES);
            int valid = keepRam(count, memory);
            refused += count - valid;
            Arrays.sort(frames, 0, valid);
            giveRuns(valid, runs);
            done += count;
        }
        return refused;
    }

    private int keepRam(int count, GuestMemory memory) {
        ByteBuffer list = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int valid = 0;
        for (int i = 0; i < count; i++) {
            long frame = Integer.toUnsignedLong(list.getInt());
            if (memory.contains(frame * GuestMemory.PAGE_BYTES, GuestMemory.PAGE_BYTES)) {
                frames[valid++] = frame;
            }
        }
        return valid;
    }

    private void giveRuns(int count, Runs runs) {
        int first = 0;
        while (first < count) {
            int last = first;
            // A frame that is named twice is one page.
            while (last + 1 < count && frames[last + 1] - frames[last] <= 1) {
                last++;
            }
            long pages = frames[last] - frames[first] + 1;
            runs.run(frames[first] * GuestMemory.PAGE_BYTES, pages * GuestMemory.PAGE_BYTES);
            first = last + 1;
        }
    }
}
