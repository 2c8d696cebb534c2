package org.kvmbeans.ejb;

import java.time.Duration;
import java.util.Arrays;
import javax.management.ObjectName;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.Tag;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.DiskUsage;
import org.kvmbeans.mbeans.LatencyStatistics;

/** The metrics of a disk. */
final class DiskMetrics {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final String OPERATIONS = "kvmbeans_disk_operations_total";
    private static final String OPERATIONS_HELP = "Requests of the guest by kind";

    private DiskMetrics() {}

    static Series register(MetricRegistry registry, ObjectName name, Duration maxAge) {
        DiskMXBean disk = MBeans.disk(name);
        Memo<DiskUsage> usage = new Memo<>(disk::getUsage, maxAge);
        Tag[] tags = Series.deviceTags(name, "name");
        Series series = new Series(registry);
        addOperations(series, usage, tags);
        series.add(
                "kvmbeans_disk_read_bytes_total",
                "Bytes that the guest has read",
                usage,
                now -> now.get().bytesRead(),
                tags);
        series.add(
                "kvmbeans_disk_written_bytes_total",
                "Bytes that the guest has written",
                usage,
                now -> now.get().bytesWritten(),
                tags);
        series.add(
                "kvmbeans_disk_errors_total",
                "Requests answered with an error",
                usage,
                now -> now.get().errorsTotal(),
                tags);
        series.add(
                "kvmbeans_disk_in_flight_requests",
                "Requests that the guest waits for",
                usage,
                now -> now.get().inFlightCount(),
                tags);
        series.add(
                "kvmbeans_disk_throttled_seconds_total",
                "Time for which requests waited for a rate limit",
                usage,
                now -> now.get().throttledNanos() / NANOS_PER_SECOND,
                tags);
        series.add("kvmbeans_disk_size_bytes", "Size that the guest sees", disk, DiskMXBean::getSizeBytes, tags);
        series.add(
                "kvmbeans_disk_allocated_bytes",
                "Space that the image takes on the host",
                disk,
                DiskMXBean::getAllocatedBytes,
                tags);
        addLatency(series, new Memo<>(disk::getLatency, maxAge), tags);
        return series;
    }

    private static void addOperations(Series series, Memo<DiskUsage> usage, Tag[] tags) {
        series.add(OPERATIONS, OPERATIONS_HELP, usage, now -> now.get().readsTotal(), with(tags, "operation", "read"));
        series.add(
                OPERATIONS, OPERATIONS_HELP, usage, now -> now.get().writesTotal(), with(tags, "operation", "write"));
        series.add(
                OPERATIONS, OPERATIONS_HELP, usage, now -> now.get().flushesTotal(), with(tags, "operation", "flush"));
        series.add(
                OPERATIONS,
                OPERATIONS_HELP,
                usage,
                now -> now.get().discardsTotal(),
                with(tags, "operation", "discard"));
    }

    /** What a Prometheus histogram consists of, so that {@code histogram_quantile} works on it: docs/adr/0006. */
    private static void addLatency(Series series, Memo<LatencyStatistics> latency, Tag[] tags) {
        long[] bounds = latency.get().bucketUpperBoundNanos();
        for (int i = 0; i < bounds.length; i++) {
            int bucket = i;
            String bound = bounds[i] == Long.MAX_VALUE ? "+Inf" : Double.toString(bounds[i] / NANOS_PER_SECOND);
            series.add(
                    "kvmbeans_disk_latency_seconds_bucket",
                    "Requests that took less than a time",
                    latency,
                    now -> upTo(now.get().bucketCounts(), bucket),
                    with(tags, "le", bound));
        }
        series.add(
                "kvmbeans_disk_latency_seconds_sum",
                "Sum of the durations of requests",
                latency,
                now -> now.get().totalNanos() / NANOS_PER_SECOND,
                tags);
        series.add(
                "kvmbeans_disk_latency_seconds_count",
                "Requests whose duration was measured",
                latency,
                now -> now.get().count(),
                tags);
        series.add(
                "kvmbeans_disk_latency_max_seconds",
                "Duration of the longest request",
                latency,
                now -> now.get().maxNanos() / NANOS_PER_SECOND,
                tags);
    }

    private static long upTo(long[] counts, int last) {
        long sum = 0;
        for (int i = 0; i <= last && i < counts.length; i++) {
            sum += counts[i];
        }
        return sum;
    }

    private static Tag[] with(Tag[] tags, String name, String value) {
        Tag[] more = Arrays.copyOf(tags, tags.length + 1);
        more[tags.length] = new Tag(name, value);
        return more;
    }
}
