package org.kvmbeans.virtio.queue;

import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** Opens queues. */
public final class VirtQueues {
    private VirtQueues() {}

    /**
     * Opens a queue in the format that was negotiated.
     *
     * @throws VirtQueueException where the ring is not all in RAM, not aligned or of an impossible size
     */
    public static VirtQueue open(DeviceContext context, QueueSetup setup) {
        return context.has(VirtioFeatures.PACKED_RING)
                ? new PackedQueue(context, setup)
                : new SplitQueue(context, setup);
    }
}
