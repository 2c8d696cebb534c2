package org.kvmbeans.virtio.transport;

import java.util.List;

/**
 * How far driver and device have come with one another, at one moment.
 *
 * @param status the device status field (virtio 1.2, 2.1): {@link #ACKNOWLEDGE} and its fellows
 * @param offeredFeatures feature bits that the device offers
 * @param driverFeatures feature bits that the driver accepted, negotiated where {@link #FEATURES_OK} is set
 * @param resetReason why the device asked for a reset the last time; empty where it never did
 * @param resetRequests how often the device asked for a reset
 * @param configInterrupts configuration change interrupts sent
 * @param msix whether interrupts are messages; else they share the pin
 * @param queues one for each queue
 */
public record TransportStatus(
        int status,
        long offeredFeatures,
        long driverFeatures,
        String resetReason,
        long resetRequests,
        long configInterrupts,
        boolean msix,
        List<Queue> queues) {
    public static final int ACKNOWLEDGE = 1;
    public static final int DRIVER = 1 << 1;
    public static final int DRIVER_OK = 1 << 2;
    public static final int FEATURES_OK = 1 << 3;
    public static final int NEEDS_RESET = 1 << 6;
    public static final int FAILED = 1 << 7;

    /** What a vector number is where the driver chose none (virtio 1.2, 4.1.5.1.2). */
    public static final int NO_VECTOR = 0xFFFF;

    /**
     * One queue.
     *
     * @param index its number
     * @param size entries, as the driver chose
     * @param maxSize entries that the device offers
     * @param enabled whether the driver uses it
     * @param vector its MSI-X vector, or {@link #NO_VECTOR}
     * @param kernelDoorbell whether notifications reach the device without an exit to this process
     * @param interrupts interrupts sent, but for those that the kernel sends itself
     */
    public record Queue(
            int index, int size, int maxSize, boolean enabled, int vector, boolean kernelDoorbell, long interrupts) {}

    /** Whether the device serves its queues. */
    public boolean isRunning() {
        return (status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
    }
}
