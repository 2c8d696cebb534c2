package org.kvmbeans.mbeans;

/**
 * What a network interface has carried since its VM was defined, read together. Directions are the guest's.
 *
 * @param bytesReceived bytes of packets that the guest was given
 * @param bytesTransmitted bytes of packets that the guest has sent
 * @param packetsReceivedTotal packets that the guest was given
 * @param packetsTransmittedTotal packets that the guest has sent
 * @param receiveDropsTotal packets for the guest for which it had no room
 * @param transmitDropsTotal packets of the guest that the host did not take
 * @param receiveErrorsTotal packets for the guest that were lost to an error
 * @param transmitErrorsTotal packets of the guest that were lost to an error
 * @param receiveThrottledNanos nanoseconds for which packets to the guest waited for a rate limit
 * @param transmitThrottledNanos nanoseconds for which packets of the guest waited for a rate limit
 */
public record NicUsage(
        long bytesReceived,
        long bytesTransmitted,
        long packetsReceivedTotal,
        long packetsTransmittedTotal,
        long receiveDropsTotal,
        long transmitDropsTotal,
        long receiveErrorsTotal,
        long transmitErrorsTotal,
        long receiveThrottledNanos,
        long transmitThrottledNanos) {}
