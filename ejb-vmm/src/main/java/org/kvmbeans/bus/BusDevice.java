package org.kvmbeans.bus;

/**
 * A device that claims a range of an {@link AddressBus}.
 *
 * <p>Both methods are called on the vCPU thread that made the access, by several vCPUs at once: a device guards its own
 * state. The guest chooses offset, size and value, so a device answers every combination without throwing.
 */
public interface BusDevice {
    /**
     * Reads from the device.
     *
     * @param offset distance from the base of the claimed range, in bytes; the whole access lies inside the range
     * @param size bytes to read: 1, 2, 4 or 8
     * @return the value, little-endian, zero above {@code size} bytes
     */
    long read(long offset, int size);

    /**
     * Writes to the device.
     *
     * @param offset distance from the base of the claimed range, in bytes; the whole access lies inside the range
     * @param size bytes to write: 1, 2, 4 or 8
     * @param value the value, little-endian, zero above {@code size} bytes
     */
    void write(long offset, int size, long value);
}
