package org.kvmbeans.virtio.net;

/**
 * How a NIC is to be.
 *
 * @param mac its address
 * @param queuePairs pairs of a receive and a transmit queue, 1 to {@link #MAX_QUEUE_PAIRS}
 * @param mtu the largest packet without its Ethernet header, bytes, {@link #MIN_MTU} to {@link #MAX_MTU}
 * @param allowSpoofing whether the guest may send from addresses other than the NIC's, and change that one
 */
public record NetOptions(MacAddress mac, int queuePairs, int mtu, boolean allowSpoofing) {
    /** The most pairs of queues. */
    public static final int MAX_QUEUE_PAIRS = 64;
    /** The smallest MTU: what IPv4 needs (RFC 791). */
    public static final int MIN_MTU = 68;
    /** The largest MTU that the kernel gives a TAP interface: 65,535 without an Ethernet header. */
    public static final int MAX_MTU = 65_521;

    public NetOptions {
        if (queuePairs < 1 || queuePairs > MAX_QUEUE_PAIRS) {
            throw new IllegalArgumentException(
                    "queues is " + queuePairs + ": a NIC has 1 to " + MAX_QUEUE_PAIRS + " pairs of queues");
        }
        if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw new IllegalArgumentException("mtu is " + mtu + ": it must be " + MIN_MTU + " to " + MAX_MTU);
        }
    }
}
