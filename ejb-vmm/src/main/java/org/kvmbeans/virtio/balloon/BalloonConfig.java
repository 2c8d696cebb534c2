package org.kvmbeans.virtio.balloon;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.virtio.spi.ConfigBytes;

/** The configuration space (virtio 1.2, 5.5.4): pages wanted, pages in the balloon, a hint id, a poison. Thread-safe. */
final class BalloonConfig {
    static final int BYTES = 16;

    private static final int NUM_PAGES = 0;
    private static final int ACTUAL = 4;
    private static final int POISON_VALUE = 12;

    private final ByteBuffer space = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);

    synchronized void setNumPages(int pages) {
        space.putInt(NUM_PAGES, pages);
    }

    synchronized long numPages() {
        return Integer.toUnsignedLong(space.getInt(NUM_PAGES));
    }

    /** What the driver says that the balloon holds. */
    synchronized long actualPages() {
        return Integer.toUnsignedLong(space.getInt(ACTUAL));
    }

    /** What the driver fills free pages with. */
    synchronized int poisonValue() {
        return space.getInt(POISON_VALUE);
    }

    /** Forgets what a driver wrote. */
    synchronized void reset() {
        space.putInt(ACTUAL, 0);
        space.putInt(POISON_VALUE, 0);
    }

    synchronized long read(int offset, int size) {
        return ConfigBytes.read(space, offset, size);
    }

    synchronized void write(int offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            if (isWritable(offset + i)) {
                space.put(offset + i, (byte) (value >>> (i * Byte.SIZE)));
            }
        }
    }

    private static boolean isWritable(int offset) {
        return (offset >= ACTUAL && offset < ACTUAL + Integer.BYTES)
                || (offset >= POISON_VALUE && offset < POISON_VALUE + Integer.BYTES);
    }
}
