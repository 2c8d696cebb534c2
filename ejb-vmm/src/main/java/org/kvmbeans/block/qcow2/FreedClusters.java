package org.kvmbeans.block.qcow2;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;

/**
 * Clusters of the storage on their way to be free. A reference that is given up in memory is counted until its end is durable,
 * and until no request is in progress any more that began before: only then is the refcount lowered, and the cluster used
 * again. The metadata's lock guards it but for {@link #lowerRefcounts}.
 */
final class FreedClusters {
    /** So many stretches at most wait for a flush. */
    private static final int MAX_STRETCHES = 4096;

    /** So many clusters have their refcounts changed under the lock at a time. */
    private static final int STEP_CLUSTERS = 2048;

    private final Metadata metadata;
    /** References that are given up in memory. */
    private Freed freed = new Freed();
    /** References whose end is durable. */
    private Freed waiting = new Freed();
    /** Those of them that only wait for requests of the age before. */
    private Freed draining = new Freed();

    FreedClusters(Metadata metadata) {
        this.metadata = metadata;
    }

    /**
     * A reference to each of a stretch of clusters is given up.
     *
     * @param toStorage whether the storage is to have the room back of those that nothing else refers to
     */
    void add(long firstCluster, long clusters, boolean toStorage) {
        freed.add(firstCluster, clusters, toStorage);
    }

    /** Whether so many wait that a flush is due. */
    boolean crowded() {
        return freed.size() > MAX_STRETCHES;
    }

    /** Those whose end is about to be written; {@link #written} takes them back. */
    Freed take() {
        Freed taken = freed;
        freed = new Freed();
        return taken;
    }

    /** What {@link #take} gave is durable now, or else has to be written again. */
    void written(Freed taken, boolean durable) {
        (durable ? waiting : freed).addAll(taken);
    }

    /** Lowers the refcounts of clusters whose references are gone for good; called by one thread at a time, without the lock. */
    void lowerRefcounts() throws IOException {
        for (Freed next = drained(); next != null; next = drained()) {
            for (int i = 0; i < next.size(); i++) {
                lower(next.first(i), next.count(i), next.toStorage(i));
            }
        }
    }

    /** Those that no request is at any more; null where there are none. */
    private @Nullable Freed drained() {
        metadata.lock.lock();
        try {
            if (draining.isEmpty() && !waiting.isEmpty() && metadata.gate.graceOver()) {
                draining = waiting;
                waiting = new Freed();
                metadata.gate.newAge();
            }
            if (draining.isEmpty() || !metadata.gate.graceOver()) {
                return null;
            }
            Freed drained = draining;
            draining = new Freed();
            return drained;
        } finally {
            metadata.lock.unlock();
        }
    }

    private void lower(long first, long count, boolean toStorage) throws IOException {
        for (long cluster = first; cluster < first + count; cluster += STEP_CLUSTERS) {
            long step = Math.min(STEP_CLUSTERS, first + count - cluster);
            if (toStorage) {
                giveBack(cluster, step);
            }
            metadata.lock.lock();
            try {
                metadata.refcounts.add(cluster, step, -1);
            } catch (DiskImageException e) {
                if (e.kind() != DiskImageException.Kind.CORRUPT) {
                    // It stays counted, and is tried again.
                    waiting.add(cluster, first + count - cluster, toStorage);
                    throw e;
                }
            } finally {
                metadata.lock.unlock();
            }
        }
    }

    /** Gives back to the storage those that nothing else refers to, while they are still counted. */
    private void giveBack(long first, long count) throws IOException {
        int bits = metadata.layout.clusterBits();
        for (long cluster = first; cluster < first + count; ) {
            long run = 0;
            metadata.lock.lock();
            try {
                while (cluster + run < first + count && metadata.refcounts.get(cluster + run) == 1) {
                    run++;
                }
            } finally {
                metadata.lock.unlock();
            }
            if (run > 0) {
                metadata.storage.discard(cluster << bits, run << bits);
            }
            cluster += run + 1;
        }
    }
}
