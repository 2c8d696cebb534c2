package org.kvmbeans.virtio.spi;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;

/** What a device may use while it is started. Its methods may be called from any thread. */
public interface DeviceContext {
    /** The guest's memory; not to be touched after {@link VirtioDevice#stop} has returned. */
    GuestMemory memory();

    /** The feature bits that the driver accepted: a subset of those offered. */
    long features();

    /** A queue that the driver enabled; null for one that it left alone. */
    @Nullable
    QueueSetup queue(int index);

    /** Tells the driver that the configuration space has changed. */
    void configChanged();

    /**
     * Tells the driver that the device can go on only after a reset (DEVICE_NEEDS_RESET). The device serves nothing more.
     *
     * @param why for the operator, what the driver did wrong
     */
    void needsReset(String why);

    /** Whether a feature was accepted. */
    default boolean has(long feature) {
        return (features() & feature) != 0;
    }
}
