package org.kvmbeans.virtio.net;

/** Packets on their way between a driver's queues and the host. Its methods are called one at a time, from any thread. */
public interface DataPath extends AutoCloseable {
    /** From now on pairs 0 to {@code count - 1} carry packets, and no others. At first it is one. */
    void activatePairs(int count);

    /** What the guest takes from now on: a subset of {@link NetFeatures#GUEST_OFFLOADS}. At first, what it accepted. */
    void guestOffloads(long features);

    /** Packets pass, or none do. At first they do. */
    void link(boolean up);

    /** Ends it; returns when nothing touches the guest's memory any more. */
    @Override
    void close();
}
