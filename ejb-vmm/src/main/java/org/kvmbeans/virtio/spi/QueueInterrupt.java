package org.kvmbeans.virtio.spi;

/** The interrupt of one queue. Its methods may be called from any thread. */
public interface QueueInterrupt {
    /** Interrupts the driver. */
    void signal();

    /**
     * An eventfd that interrupts the driver when it is signalled, without this process: for vhost. -1 where the driver
     * uses no MSI-X vector for this queue, so that only {@link #signal} reaches it.
     */
    int eventFd();
}
