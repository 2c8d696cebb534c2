package org.kvmbeans.mbeans;

/**
 * What has happened at one virtqueue since its VM was defined, read together.
 *
 * @param notificationsTotal times that the driver woke the device
 * @param interruptsTotal interrupts sent to the driver
 * @param requestsTotal requests, or packets, taken from the queue
 * @param bytesFromGuest bytes of data that the guest handed over
 * @param bytesToGuest bytes of data that the guest was given
 * @param errorsTotal requests answered with an error
 * @param depthCount requests taken and not yet given back
 * @param throttledNanos nanoseconds for which requests waited for a rate limit
 */
public record QueueUsage(
        long notificationsTotal,
        long interruptsTotal,
        long requestsTotal,
        long bytesFromGuest,
        long bytesToGuest,
        long errorsTotal,
        long depthCount,
        long throttledNanos) {}
