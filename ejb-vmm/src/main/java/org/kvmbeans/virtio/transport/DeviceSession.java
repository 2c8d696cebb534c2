package org.kvmbeans.virtio.transport;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;

/** One time between DRIVER_OK and reset, as the device sees it; what a device says after its end is not heard. */
final class DeviceSession implements DeviceContext {
    /** Hears the device; called on its threads, must not wait for them. */
    interface Listener {
        void configChanged();

        void needsReset(String why);
    }

    private final GuestMemory memory;
    private final long features;
    private final @Nullable QueueSetup[] queues;
    private final Listener listener;
    private boolean ended;

    DeviceSession(GuestMemory memory, long features, @Nullable QueueSetup[] queues, Listener listener) {
        this.memory = memory;
        this.features = features;
        this.queues = queues;
        this.listener = listener;
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public @Nullable QueueSetup queue(int index) {
        return index >= 0 && index < queues.length ? queues[index] : null;
    }

    @Override
    public synchronized void configChanged() {
        if (!ended) {
            listener.configChanged();
        }
    }

    @Override
    public synchronized void needsReset(String why) {
        if (!ended) {
            listener.needsReset(why);
        }
    }

    synchronized void end() {
        ended = true;
    }
}
