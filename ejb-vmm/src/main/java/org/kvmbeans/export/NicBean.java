package org.kvmbeans.export;

import java.util.List;
import java.util.function.ToLongFunction;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.mbeans.NicBackend;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.NicUsage;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.virtio.net.NetStatistics;
import org.kvmbeans.virtio.spi.QueueCounters;

/** A network interface for its operators. */
final class NicBean extends VirtioDeviceBean implements NicMXBean {
    private final VirtualMachine machine;
    private final VmNic nic;

    NicBean(VirtualMachine machine, VmNic nic) {
        super(machine.definition().name(), nic);
        this.machine = machine;
        this.nic = nic;
    }

    @Override
    public String getMacAddress() {
        return nic.definition().mac();
    }

    @Override
    public NicBackend getBackend() {
        return NicBackend.valueOf(nic.definition().backend().name());
    }

    @Override
    public String getHostInterface() {
        return nic.hostInterface();
    }

    @Override
    public String getBridge() {
        return nic.definition().bridge();
    }

    @Override
    public boolean isLinkUp() {
        return nic.linkUp();
    }

    @Override
    public int getMtuBytes() {
        return nic.definition().mtu();
    }

    @Override
    public long getBytesReceived() {
        return nic.statistics().receivedBytes();
    }

    @Override
    public long getBytesTransmitted() {
        return nic.statistics().transmittedBytes();
    }

    @Override
    public long getPacketsReceivedTotal() {
        return nic.statistics().receivedPackets();
    }

    @Override
    public long getPacketsTransmittedTotal() {
        return nic.statistics().transmittedPackets();
    }

    @Override
    public long getReceiveDropsTotal() {
        return nic.statistics().receiveDropped();
    }

    @Override
    public long getTransmitDropsTotal() {
        return nic.statistics().transmitDropped();
    }

    @Override
    public long getReceiveErrorsTotal() {
        return sum(Direction.RECEIVE, QueueCounters::errorsTotal);
    }

    @Override
    public long getTransmitErrorsTotal() {
        return sum(Direction.TRANSMIT, QueueCounters::errorsTotal);
    }

    @Override
    public long getReceiveThrottledNanos() {
        return sum(Direction.RECEIVE, QueueCounters::throttledNanos);
    }

    @Override
    public long getTransmitThrottledNanos() {
        return sum(Direction.TRANSMIT, QueueCounters::throttledNanos);
    }

    @Override
    public NicUsage getUsage() {
        NetStatistics now = nic.statistics();
        return new NicUsage(
                now.receivedBytes(),
                now.transmittedBytes(),
                now.receivedPackets(),
                now.transmittedPackets(),
                now.receiveDropped(),
                now.transmitDropped(),
                getReceiveErrorsTotal(),
                getTransmitErrorsTotal(),
                getReceiveThrottledNanos(),
                getTransmitThrottledNanos());
    }

    @Override
    public RateLimits getReceiveLimits() {
        return Readings.limits(nic.definition().receiveLimits());
    }

    @Override
    public RateLimits getTransmitLimits() {
        return Readings.limits(nic.definition().transmitLimits());
    }

    @Override
    public void linkUp() {
        nic.setLink(true);
    }

    @Override
    public void linkDown() {
        nic.setLink(false);
    }

    /** The machine sets both directions at once: two who set one each must not undo each other's. */
    @Override
    public synchronized void limitReceive(
            long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {
        machine.limitNic(
                nic.name(),
                nic.definition().transmitLimits(),
                new org.kvmbeans.virtio.spi.RateLimits(
                        bytesPerSecond, burstBytes, operationsPerSecond, burstOperations));
    }

    @Override
    public synchronized void limitTransmit(
            long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {
        machine.limitNic(
                nic.name(),
                new org.kvmbeans.virtio.spi.RateLimits(
                        bytesPerSecond, burstBytes, operationsPerSecond, burstOperations),
                nic.definition().receiveLimits());
    }

    /** Queues come in pairs, the receiving one first; a control queue may follow them (virtio 1.2, 5.1.2). */
    private enum Direction {
        RECEIVE(0),
        TRANSMIT(1);

        private final int placeInPair;

        Direction(int placeInPair) {
            this.placeInPair = placeInPair;
        }
    }

    private long sum(Direction direction, ToLongFunction<QueueCounters> value) {
        List<QueueMonitor> queues = nic.queues();
        int paired = 2 * nic.definition().queues();
        return Readings.sum(
                queues.stream()
                        .filter(queue -> queue.id() < paired && queue.id() % 2 == direction.placeInPair)
                        .toList(),
                value);
    }
}
