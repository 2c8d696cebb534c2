package org.kvmbeans.export;

import java.util.List;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.mbeans.QueueUsage;
import org.kvmbeans.mbeans.RingFormat;
import org.kvmbeans.mbeans.VirtQueueMXBean;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/** A virtqueue for its operators. */
final class VirtQueueBean implements VirtQueueMXBean {
    private final VmDevice device;
    private final QueueMonitor queue;
    private final QueueCounters counters;

    VirtQueueBean(VmDevice device, QueueMonitor queue) {
        this.device = device;
        this.queue = queue;
        this.counters = queue.counters();
    }

    @Override
    public int getId() {
        return queue.id();
    }

    @Override
    public String getDevice() {
        return device.name();
    }

    @Override
    public int getSize() {
        return queue.size();
    }

    @Override
    public boolean isEnabled() {
        return queue.enabled();
    }

    @Override
    public RingFormat getRingFormat() {
        if (!queue.enabled()) {
            return RingFormat.NONE;
        }
        boolean packed = (device.negotiatedFeatures() & VirtioFeatures.PACKED_RING) != 0;
        return packed ? RingFormat.PACKED : RingFormat.SPLIT;
    }

    @Override
    public long getNotificationsTotal() {
        return counters.notificationsTotal();
    }

    @Override
    public long getInterruptsTotal() {
        return counters.interruptsTotal();
    }

    @Override
    public long getRequestsTotal() {
        return counters.requestsTotal();
    }

    @Override
    public long getBytesFromGuest() {
        return counters.bytesFromGuest();
    }

    @Override
    public long getBytesToGuest() {
        return counters.bytesToGuest();
    }

    @Override
    public long getErrorsTotal() {
        return counters.errorsTotal();
    }

    @Override
    public long getDepth() {
        return counters.depth();
    }

    @Override
    public long getLatencyCount() {
        return counters.latency().count();
    }

    @Override
    public long getLatencyNanosTotal() {
        return counters.latency().totalNanos();
    }

    @Override
    public long getLatencyNanosMax() {
        return counters.latency().maxNanos();
    }

    @Override
    public LatencyStatistics getLatency() {
        return Readings.latency(List.of(counters.latency()));
    }

    @Override
    public long getThrottledNanos() {
        return counters.throttledNanos();
    }

    @Override
    public QueueUsage getUsage() {
        return new QueueUsage(
                getNotificationsTotal(),
                getInterruptsTotal(),
                getRequestsTotal(),
                getBytesFromGuest(),
                getBytesToGuest(),
                getErrorsTotal(),
                getDepth(),
                getThrottledNanos());
    }
}
