package org.kvmbeans.export;

import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.RngMXBean;
import org.kvmbeans.virtio.spi.QueueCounters;

/** A VM's source of random bytes for its operators. */
final class RngBean extends VirtioDeviceBean implements RngMXBean {
    private final VmDevice rng;

    RngBean(String vm, VmDevice rng) {
        super(vm, rng);
        this.rng = rng;
    }

    @Override
    public long getBytesDelivered() {
        return Readings.sum(rng.queues(), QueueCounters::bytesToGuest);
    }

    @Override
    public long getRequestsTotal() {
        return Readings.sum(rng.queues(), QueueCounters::requestsTotal);
    }
}
