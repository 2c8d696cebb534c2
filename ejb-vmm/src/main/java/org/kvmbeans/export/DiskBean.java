package org.kvmbeans.export;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import javax.management.ObjectName;
import org.kvmbeans.export.storage.Formats;
import org.kvmbeans.export.storage.ImageStores;
import org.kvmbeans.export.storage.LiveDisk;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.mbeans.CacheMode;
import org.kvmbeans.mbeans.DiskErrorPolicy;
import org.kvmbeans.mbeans.DiskMXBean;
import org.kvmbeans.mbeans.DiskUsage;
import org.kvmbeans.mbeans.LatencyStatistics;
import org.kvmbeans.mbeans.RateLimits;
import org.kvmbeans.virtio.block.BlockCounters;
import org.kvmbeans.virtio.block.BlockOperation;
import org.kvmbeans.virtio.spi.LatencyHistogram;
import org.kvmbeans.virtio.spi.QueueCounters;

/** A disk for its operators. */
final class DiskBean extends VirtioDeviceBean implements DiskMXBean {
    private final VirtualMachine machine;
    private final VmDisk disk;
    private final ImageStores images;
    private final BlockCounters counters;

    DiskBean(VirtualMachine machine, VmDisk disk, ImageStores images) {
        super(machine.definition().name(), disk);
        this.images = images;
        this.machine = machine;
        this.disk = disk;
        this.counters = disk.blockCounters();
    }

    @Override
    public String getPath() {
        return disk.definition().path().toString();
    }

    @Override
    public String getFormat() {
        return disk.definition().format().text();
    }

    @Override
    public CacheMode getCacheMode() {
        return CacheMode.valueOf(disk.definition().cache().name());
    }

    @Override
    public DiskErrorPolicy getErrorPolicy() {
        return DiskErrorPolicy.valueOf(disk.definition().onError().name());
    }

    @Override
    public boolean isReadOnly() {
        return disk.definition().readOnly();
    }

    @Override
    public String getSerial() {
        return disk.definition().serial();
    }

    @Override
    public long getSizeBytes() {
        return disk.sizeBytes();
    }

    @Override
    public long getAllocatedBytes() {
        return disk.allocatedBytes();
    }

    @Override
    public long getReadsTotal() {
        return counters.operations(BlockOperation.READ);
    }

    @Override
    public long getWritesTotal() {
        return counters.operations(BlockOperation.WRITE) + counters.operations(BlockOperation.WRITE_ZEROES);
    }

    @Override
    public long getFlushesTotal() {
        return counters.operations(BlockOperation.FLUSH);
    }

    @Override
    public long getDiscardsTotal() {
        return counters.operations(BlockOperation.DISCARD);
    }

    @Override
    public long getBytesRead() {
        return counters.bytes(BlockOperation.READ);
    }

    @Override
    public long getBytesWritten() {
        return counters.bytes(BlockOperation.WRITE) + counters.bytes(BlockOperation.WRITE_ZEROES);
    }

    @Override
    public long getErrorsTotal() {
        return overAll(counters::errors);
    }

    @Override
    public long getInFlightRequests() {
        return Readings.sum(disk.queues(), QueueCounters::depth);
    }

    @Override
    public long getLatencyCount() {
        return overAll(operation -> counters.latency(operation).count());
    }

    @Override
    public long getLatencyNanosTotal() {
        return overAll(operation -> counters.latency(operation).totalNanos());
    }

    @Override
    public long getLatencyNanosMax() {
        return Arrays.stream(BlockOperation.values())
                .mapToLong(operation -> counters.latency(operation).maxNanos())
                .max()
                .orElse(0);
    }

    @Override
    public LatencyStatistics getLatency() {
        List<LatencyHistogram> histograms =
                Arrays.stream(BlockOperation.values()).map(counters::latency).toList();
        return Readings.latency(histograms);
    }

    @Override
    public Map<String, LatencyStatistics> getLatencyByOperation() {
        Map<String, LatencyStatistics> latencies = new TreeMap<>();
        for (BlockOperation operation : BlockOperation.values()) {
            latencies.put(operation.name(), Readings.latency(List.of(counters.latency(operation))));
        }
        return latencies;
    }

    @Override
    public long getThrottledNanos() {
        return Readings.sum(disk.queues(), QueueCounters::throttledNanos);
    }

    @Override
    public DiskUsage getUsage() {
        return new DiskUsage(
                getReadsTotal(),
                getWritesTotal(),
                getFlushesTotal(),
                getDiscardsTotal(),
                getBytesRead(),
                getBytesWritten(),
                getErrorsTotal(),
                getInFlightRequests(),
                getThrottledNanos());
    }

    @Override
    public RateLimits getLimits() {
        return Readings.limits(disk.limits());
    }

    @Override
    public void limit(long bytesPerSecond, long burstBytes, long operationsPerSecond, long burstOperations) {
        machine.limitDisk(
                disk.name(),
                new org.kvmbeans.virtio.spi.RateLimits(
                        bytesPerSecond, burstBytes, operationsPerSecond, burstOperations));
    }

    @Override
    public void resize(long bytes) {
        disk.resize(bytes);
    }

    private LiveDisk live() {
        return new LiveDisk(machine, disk);
    }

    @Override
    public ObjectName snapshot(String pool, String name) {
        return images.diskOperations().snapshot(live(), pool, name).objectName();
    }

    @Override
    public ObjectName mirror(String pool, String name, String format, String options) {
        return images.diskOperations()
                .mirror(live(), pool, name, Formats.parse(format), options)
                .objectName();
    }

    @Override
    public ObjectName backup(String pool, String name, String format, String options) {
        return images.diskOperations()
                .backup(live(), pool, name, Formats.parse(format), options)
                .objectName();
    }

    @Override
    public ObjectName stream() {
        return images.diskOperations().stream(live()).objectName();
    }

    @Override
    public ObjectName commit() {
        return images.diskOperations().commit(live()).objectName();
    }

    private static long overAll(ToLongFunction<BlockOperation> value) {
        return Arrays.stream(BlockOperation.values()).mapToLong(value).sum();
    }
}
