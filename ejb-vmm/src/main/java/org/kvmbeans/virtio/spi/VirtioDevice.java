package org.kvmbeans.virtio.spi;

/**
 * What a virtio device is to its transport (virtio 1.2, 2 and 5).
 *
 * <p>The transport speaks to the driver: status, feature negotiation, queue addresses, interrupts. The device serves its
 * queues between {@link #start} and {@link #stop}, and answers for its configuration space at any time. The transport calls
 * start and stop one at a time, from any thread; {@link #readConfig} and {@link #writeConfig} come from vCPU threads,
 * several at once.
 */
public interface VirtioDevice extends AutoCloseable {
    /** The device id (virtio 1.2, 5): 1 for net, 2 for block, and so on. */
    int type();

    /** Feature bits that it offers, those of the ring format ({@link VirtioFeatures#RING}) among them. */
    long features();

    /** The largest size of each queue, a power of two up to 32,768; its length is the number of queues. */
    int[] queueSizes();

    /** Bytes of the configuration space. */
    int configBytes();

    /**
     * Reads the configuration space.
     *
     * @param offset 0 or more; bytes beyond {@link #configBytes} read as zero
     * @param size 1, 2, 4 or 8
     * @return the value, little-endian
     */
    long readConfig(int offset, int size);

    /** Writes the configuration space; what is not writable stays. */
    void writeConfig(int offset, int size, long value);

    /**
     * The driver is ready: serves the queues from now on. A device that cannot says so with
     * {@link DeviceContext#needsReset}.
     */
    void start(DeviceContext context);

    /**
     * The driver resets the device, or the machine ends: returns when no thread of the device touches the guest's memory
     * any more. Requests that were in progress are completed or forgotten. Does nothing where it is not started.
     */
    void stop();

    /** Stops it and gives back what it holds of the host. */
    @Override
    void close();
}
