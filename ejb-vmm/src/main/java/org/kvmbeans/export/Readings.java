package org.kvmbeans.export;

import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.virtio.spi.LatencyHistogram;
import org.kvmbeans.virtio.spi.QueueCounters;

/** What devices count and keep, as the contract has it. */
final class Readings {
    private Readings() {}

    /** The histograms added up; each is read once, so that the count is the sum of the buckets. */
    static LatencyStatistics latency(List<LatencyHistogram> histograms) {
        long[] bounds = IntStream.range(0, LatencyHistogram.BUCKETS)
                .mapToLong(LatencyHistogram::upperBoundNanos)
                .toArray();
        long[] counts = new long[bounds.length];
        long total = 0;
        long longest = 0;
        for (LatencyHistogram histogram : histograms) {
            long[] more = histogram.counts();
            for (int i = 0; i < counts.length; i++) {
                counts[i] += more[i];
            }
            total += histogram.totalNanos();
            longest = Math.max(longest, histogram.maxNanos());
        }
        return new LatencyStatistics(LongStream.of(counts).sum(), total, longest, bounds, counts);
    }

    static long sum(List<QueueMonitor> queues, ToLongFunction<QueueCounters> value) {
        long sum = 0;
        for (QueueMonitor queue : queues) {
            sum += value.applyAsLong(queue.counters());
        }
        return sum;
    }

    static RateLimits limits(org.kvmbeans.virtio.spi.RateLimits limits) {
        return new RateLimits(
                limits.bytesPerSecond(), limits.burstBytes(), limits.operationsPerSecond(), limits.burstOperations());
    }
}
