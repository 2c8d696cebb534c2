package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.GuestMemoryStatistics;
import org.kvmbeans.mbeans.NicMXBean;
import org.kvmbeans.mbeans.NicUsage;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.QueueUsage;
import org.kvmbeans.mbeans.VirtQueueMXBean;

/** The metrics of network interfaces, queues and balloons. */
final class DeviceMetrics {
    private static final double NANOS_PER_SECOND = 1e9;

    private DeviceMetrics() {}

    /** Metrics that share their source and labels. */
    private record Group<T>(Series series, Memo<T> source, List<Tag> tags) {
        void add(String name, String description, ToDoubleFunction<T> value) {
            series.add(name, description, source, now -> value.applyAsDouble(now.get()), tags.toArray(Tag[]::new));
        }
    }

    static Series registerNic(MetricRegistry registry, ObjectName name, Duration maxAge) {
        NicMXBean nic = MBeans.nic(name);
        Series series = new Series(registry);
        Tag[] tags = Series.deviceTags(name, "name");
        Group<NicUsage> usage = new Group<>(series, new Memo<>(nic::getUsage, maxAge), List.of(tags));
        usage.add("kvmbeans_nic_received_bytes_total", "Bytes the guest has received", NicUsage::bytesReceived);
        usage.add(
                "kvmbeans_nic_transmitted_bytes_total", "Bytes the guest has transmitted", NicUsage::bytesTransmitted);
        usage.add(
                "kvmbeans_nic_received_packets_total",
                "Packets the guest has received",
                NicUsage::packetsReceivedTotal);
        usage.add(
                "kvmbeans_nic_transmitted_packets_total",
                "Packets the guest has transmitted",
                NicUsage::packetsTransmittedTotal);
        usage.add(
                "kvmbeans_nic_receive_drops_total",
                "Packets for the guest that it had no room for",
                NicUsage::receiveDropsTotal);
        usage.add(
                "kvmbeans_nic_transmit_drops_total",
                "Packets of the guest that the host did not take",
                NicUsage::transmitDropsTotal);
        usage.add(
                "kvmbeans_nic_receive_errors_total",
                "Packets for the guest that were lost to an error",
                NicUsage::receiveErrorsTotal);
        usage.add(
                "kvmbeans_nic_transmit_errors_total",
                "Packets of the guest that were lost to an error",
                NicUsage::transmitErrorsTotal);
        usage.add(
                "kvmbeans_nic_receive_throttled_seconds_total",
                "Time for which packets for the guest waited for a rate limit",
                now -> now.receiveThrottledNanos() / NANOS_PER_SECOND);
        usage.add(
                "kvmbeans_nic_transmit_throttled_seconds_total",
                "Time for which packets of the guest waited for a rate limit",
                now -> now.transmitThrottledNanos() / NANOS_PER_SECOND);
        series.add("kvmbeans_nic_link_up", "1 while the link is up", nic, from -> from.isLinkUp() ? 1 : 0, tags);
        return series;
    }

    static Series registerQueue(MetricRegistry registry, ObjectName name, Duration maxAge) {
        VirtQueueMXBean queue = MBeans.virtQueue(name);
        Series series = new Series(registry);
        Tag[] tags = Series.queueTags(name);
        Group<QueueUsage> usage = new Group<>(series, new Memo<>(queue::getUsage, maxAge), List.of(tags));
        usage.add(
                "kvmbeans_queue_notifications_total",
                "Times that the driver woke the device",
                QueueUsage::notificationsTotal);
        usage.add("kvmbeans_queue_interrupts_total", "Interrupts sent to the driver", QueueUsage::interruptsTotal);
        usage.add("kvmbeans_queue_requests_total", "Requests taken from the queue", QueueUsage::requestsTotal);
        usage.add(
                "kvmbeans_queue_from_guest_bytes_total",
                "Bytes of data that the guest handed over",
                QueueUsage::bytesFromGuest);
        usage.add(
                "kvmbeans_queue_to_guest_bytes_total",
                "Bytes of data that the guest was given",
                QueueUsage::bytesToGuest);
        usage.add("kvmbeans_queue_errors_total", "Requests answered with an error", QueueUsage::errorsTotal);
        usage.add("kvmbeans_queue_depth", "Requests taken and not yet given back", QueueUsage::depthCount);
        usage.add(
                "kvmbeans_queue_throttled_seconds_total",
                "Time for which requests waited for a rate limit",
                now -> now.throttledNanos() / NANOS_PER_SECOND);
        series.add(
                "kvmbeans_queue_latency_seconds_sum",
                "Sum of the durations of requests",
                queue,
                from -> from.getLatencyNanosTotal() / NANOS_PER_SECOND,
                tags);
        series.add(
                "kvmbeans_queue_latency_seconds_count",
                "Requests whose duration was measured",
                queue,
                VirtQueueMXBean::getLatencyCount,
                tags);
        return series;
    }

    static Series registerBalloon(MetricRegistry registry, ObjectName name, Duration maxAge) {
        BalloonMXBean balloon = MBeans.balloon(name);
        Series series = new Series(registry);
        Tag[] tags = {new Tag("vm", ObjectNames.property(name, "vm")), new Tag("device", balloon.getName())};
        series.add(
                "kvmbeans_balloon_target_bytes",
                "Memory that the balloon is asked to hold",
                balloon,
                BalloonMXBean::getTargetBytes,
                tags);
        series.add(
                "kvmbeans_balloon_actual_bytes",
                "Memory that the balloon holds",
                balloon,
                BalloonMXBean::getActualBytes,
                tags);
        series.add(
                "kvmbeans_balloon_reported_free_bytes_total",
                "Memory that the guest reported as free and the host took back",
                balloon,
                BalloonMXBean::getReportedFreeBytes,
                tags);
        Group<GuestMemoryStatistics> guest =
                new Group<>(series, new Memo<>(balloon::getGuestStatistics, maxAge), List.of(tags));
        guest.add(
                "kvmbeans_balloon_guest_free_bytes",
                "Guest memory not used for anything; -1 where the guest does not say",
                GuestMemoryStatistics::freeBytes);
        guest.add(
                "kvmbeans_balloon_guest_available_bytes",
                "Guest memory that new work could use; -1 where the guest does not say",
                GuestMemoryStatistics::availableBytes);
        guest.add(
                "kvmbeans_balloon_guest_memory_bytes",
                "Memory that the guest's kernel manages; -1 where the guest does not say",
                GuestMemoryStatistics::totalBytes);
        guest.add(
                "kvmbeans_balloon_guest_major_faults_total",
                "Page faults of the guest that needed a read; -1 where the guest does not say",
                GuestMemoryStatistics::majorFaultsTotal);
        guest.add(
                "kvmbeans_balloon_guest_swapped_out_bytes_total",
                "Memory that the guest has written to swap; -1 where the guest does not say",
                GuestMemoryStatistics::swappedOutBytes);
        return series;
    }
}
