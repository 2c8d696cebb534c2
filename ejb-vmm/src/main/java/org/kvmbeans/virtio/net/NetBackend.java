package org.kvmbeans.virtio.net;

/**
 * What a NIC is connected to on the host. Opened when the machine is powered on, started and stopped with the driver.
 *
 * <p>The device starts and stops it one at a time; the other methods may be called from any thread.
 */
public interface NetBackend extends AutoCloseable {
    /** Its name in a definition: {@code vhost}, {@code tap} or {@code user}. */
    String kind();

    /** The network interface on the host; empty where it has none. */
    String interfaceName();

    /** Pairs of queues that it serves. */
    int queuePairs();

    /** Which of {@link NetFeatures}' offloads and of the ring's features it can serve. */
    long features();

    /** Whether packets pass through this process, so that they can be limited there. */
    boolean isLimitable();

    /** What it counted since it was opened, besides what passed through this process. */
    NetStatistics statistics();

    /**
     * Starts to carry packets between the queues and the host.
     *
     * @throws RuntimeException where it cannot; nothing is left running then
     */
    DataPath start(NetSession session);

    /** Gives everything back; not while it is started. */
    @Override
    void close();
}
