package org.kvmbeans.virtio.block;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.kvmbeans.virtio.spi.LatencyHistogram;

/**
 * What a disk did, by operation, over all its queues and as long as this object lives. May be used from any thread; a
 * reader finds each value right, and several of them at slightly different moments.
 */
public final class BlockCounters {
    private static final class Totals {
        private final LongAdder operations = new LongAdder();
        private final LongAdder bytes = new LongAdder();
        private final AtomicLong errors = new AtomicLong();
        private final LatencyHistogram latency = new LatencyHistogram();
    }

    private final Map<BlockOperation, Totals> totals = new EnumMap<>(BlockOperation.class);

    public BlockCounters() {
        for (BlockOperation operation : BlockOperation.values()) {
            totals.put(operation, new Totals());
        }
    }

    /** An operation was carried out in {@code nanos}, without what it waited before. */
    void done(BlockOperation operation, long bytes, long nanos) {
        Totals of = of(operation);
        of.operations.increment();
        of.bytes.add(bytes);
        of.latency.record(nanos);
    }

    /** The storage could not carry out an operation. */
    void failed(BlockOperation operation) {
        of(operation).errors.incrementAndGet();
    }

    /** Operations carried out. */
    public long operations(BlockOperation operation) {
        return of(operation).operations.sum();
    }

    /** Bytes that those moved, discarded or made zero. */
    public long bytes(BlockOperation operation) {
        return of(operation).bytes.sum();
    }

    /** Times that the storage could not carry one out, whatever the policy made of it. */
    public long errors(BlockOperation operation) {
        return of(operation).errors.get();
    }

    /** How long the storage took for each. */
    public LatencyHistogram latency(BlockOperation operation) {
        return of(operation).latency;
    }

    private Totals of(BlockOperation operation) {
        Totals of = totals.get(operation);
        if (of == null) {
            throw new IllegalArgumentException(operation.toString());
        }
        return of;
    }
}
