package org.kvmbeans.legacy;

/**
 * What the transmitter of a serial port in loopback has sent to its own receiver.
 *
 * <p>The one FIFO that can overrun, as nothing holds the sender back. Not thread-safe: the port's lock guards it.
 */
final class LoopbackFifo {
    private static final int FIFO_BYTES = 16;

    private final byte[] bytes = new byte[FIFO_BYTES];
    private int first;
    private int size;

    int size() {
        return size;
    }

    /**
     * Adds a byte. A full FIFO drops it; without FIFOs, the one receiver buffer is overwritten.
     *
     * @return whether no byte was lost
     */
    boolean offer(byte octet, boolean fifosEnabled) {
        if (!fifosEnabled) {
            boolean kept = size == 0;
            first = 0;
            size = 1;
            bytes[0] = octet;
            return kept;
        }
        if (size == FIFO_BYTES) {
            return false;
        }
        bytes[(first + size++) % FIFO_BYTES] = octet;
        return true;
    }

    /** Takes the oldest byte of a FIFO that is not empty. */
    byte take() {
        byte octet = bytes[first];
        first = (first + 1) % FIFO_BYTES;
        size--;
        return octet;
    }

    void clear() {
        size = 0;
    }
}
