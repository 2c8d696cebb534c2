package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.virtio.spi.LatencyHistogram;

class ReadingsTest {
    @Test
    void histogramsAddUp() {
        LatencyHistogram reads = new LatencyHistogram();
        LatencyHistogram writes = new LatencyHistogram();
        reads.record(500);
        reads.record(5_000);
        writes.record(700);

        LatencyStatistics latency = Readings.latency(List.of(reads, writes));

        assertThat(latency.count()).isEqualTo(3);
        assertThat(latency.totalNanos()).isEqualTo(6_200);
        assertThat(latency.maxNanos()).isEqualTo(5_000);
        assertThat(latency.bucketCounts()[0]).isEqualTo(2);
        assertThat(LongStream.of(latency.bucketCounts()).sum()).isEqualTo(3);
    }

    @Test
    void boundsRiseAndEndBeyondEveryDuration() {
        LatencyStatistics latency = Readings.latency(List.of(new LatencyHistogram()));

        assertThat(latency.bucketUpperBoundNanos())
                .hasSameSizeAs(latency.bucketCounts())
                .isSorted()
                .startsWith(1_024, 2_048)
                .endsWith(Long.MAX_VALUE);
    }
}
