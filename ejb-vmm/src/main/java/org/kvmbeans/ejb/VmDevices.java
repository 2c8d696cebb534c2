package org.kvmbeans.ejb;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.mbeans.CacheMode;
import org.kvmbeans.mbeans.DeviceState;
import org.kvmbeans.mbeans.DiskUsage;
import org.kvmbeans.mbeans.GuestMemoryStatistics;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.mbeans.NicBackend;
import org.kvmbeans.mbeans.NicUsage;
import org.kvmbeans.mbeans.QueueUsage;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.mbeans.RingFormat;

/**
 * The virtio devices of one virtual machine; see the MXBeans of {@code org.kvmbeans.mbeans} for each value.
 *
 * @param disks in the order of the definition
 * @param nics in the order of the definition
 * @param balloon null where the VM has none
 * @param others what has no more to show than its state: console ports, source of random bytes, sockets
 * @param queues the queues of all devices
 */
public record VmDevices(
        List<Disk> disks, List<Nic> nics, @Nullable Balloon balloon, List<Device> others, List<Queue> queues) {

    /** What all devices have; {@code type} is the one of the ObjectName. */
    public record Device(
            String type,
            String name,
            DeviceState state,
            String lastError,
            String features,
            List<String> featureNames) {}

    /** A disk. */
    public record Disk(
            Device device,
            String path,
            String format,
            CacheMode cacheMode,
            boolean readOnly,
            long sizeBytes,
            long allocatedBytes,
            DiskUsage usage,
            LatencyStatistics latency,
            RateLimits limits) {}

    /** A network interface. */
    public record Nic(
            Device device,
            String macAddress,
            NicBackend backend,
            String hostInterface,
            String bridge,
            boolean linkUp,
            int mtuBytes,
            NicUsage usage,
            RateLimits receiveLimits,
            RateLimits transmitLimits) {}

    /** The balloon. */
    public record Balloon(
            Device device,
            long targetBytes,
            long actualBytes,
            long reportedFreeBytes,
            GuestMemoryStatistics guestStatistics) {}

    /** A queue. */
    public record Queue(String device, int id, int size, boolean enabled, RingFormat ringFormat, QueueUsage usage) {}
}
