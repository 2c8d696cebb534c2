package org.kvmbeans.virtio.net;

/**
 * What went through a NIC, seen from the guest.
 *
 * @param receivedPackets packets that the guest was given
 * @param receivedBytes their bytes, from the Ethernet header on
 * @param receiveDropped packets for the guest that were dropped
 * @param transmittedPackets packets that the guest sent
 * @param transmittedBytes their bytes, from the Ethernet header on
 * @param transmitDropped packets of the guest that were dropped
 */
public record NetStatistics(
        long receivedPackets,
        long receivedBytes,
        long receiveDropped,
        long transmittedPackets,
        long transmittedBytes,
        long transmitDropped) {
    /** Nothing yet. */
    public static final NetStatistics NONE = new NetStatistics(0, 0, 0, 0, 0, 0);

    /** The sum of both. */
    public NetStatistics plus(NetStatistics other) {
        return new NetStatistics(
                receivedPackets + other.receivedPackets,
                receivedBytes + other.receivedBytes,
                receiveDropped + other.receiveDropped,
                transmittedPackets + other.transmittedPackets,
                transmittedBytes + other.transmittedBytes,
                transmitDropped + other.transmitDropped);
    }

    /** What happened since {@code before}. */
    public NetStatistics since(NetStatistics before) {
        return new NetStatistics(
                receivedPackets - before.receivedPackets,
                receivedBytes - before.receivedBytes,
                receiveDropped - before.receiveDropped,
                transmittedPackets - before.transmittedPackets,
                transmittedBytes - before.transmittedBytes,
                transmitDropped - before.transmitDropped);
    }
}
