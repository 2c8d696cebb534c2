package org.kvmbeans.machine.device;

import org.kvmbeans.virtio.spi.QueueCounters;

/**
 * One virtqueue as its operators see it. Every reading is cheap, waits for nobody, and may be made from any thread.
 *
 * <p>What is counted is counted since the definition, over restarts of the machine.
 */
public final class QueueMonitor {
    private final VmDevice device;
    private final int id;
    private final QueueCounters counters = new QueueCounters();

    QueueMonitor(VmDevice device, int id) {
        this.device = device;
        this.id = id;
    }

    /** Its number in the device, from 0. */
    public int id() {
        return id;
    }

    /** Descriptors that the driver gave it, or may give it at most; 0 while the machine is off. */
    public int size() {
        DeviceAttachment attachment = device.attachment();
        return attachment == null ? 0 : attachment.queueSize(id);
    }

    /** Whether a driver has enabled it. */
    public boolean enabled() {
        DeviceAttachment attachment = device.attachment();
        return attachment != null && attachment.queueEnabled(id);
    }

    public QueueCounters counters() {
        return counters;
    }
}
