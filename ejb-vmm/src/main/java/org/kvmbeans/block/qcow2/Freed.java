package org.kvmbeans.block.qcow2;

import java.util.Arrays;

/**
 * Clusters of the storage that lose a reference: stretches of clusters, in the order in which they were added. Guarded by
 * whoever owns it.
 */
final class Freed {
    private static final int FIRST_CAPACITY = 16;

    private long[] first = new long[FIRST_CAPACITY];
    private long[] counts = new long[FIRST_CAPACITY];
    private boolean[] giveBack = new boolean[FIRST_CAPACITY];
    private int size;
    private long clusters;

    /**
     * Adds a stretch.
     *
     * @param toStorage whether the storage is to have its room back, where nothing else refers to it
     */
    void add(long cluster, long count, boolean toStorage) {
        clusters += count;
        int last = size - 1;
        if (last >= 0 && first[last] + counts[last] == cluster && giveBack[last] == toStorage) {
            counts[last] += count;
            return;
        }
        if (size == first.length) {
            first = Arrays.copyOf(first, 2 * size);
            counts = Arrays.copyOf(counts, 2 * size);
            giveBack = Arrays.copyOf(giveBack, 2 * size);
        }
        first[size] = cluster;
        counts[size] = count;
        giveBack[size] = toStorage;
        size++;
    }

    void addAll(Freed other) {
        for (int i = 0; i < other.size; i++) {
            add(other.first[i], other.counts[i], other.giveBack[i]);
        }
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Clusters of all stretches. */
    long clusters() {
        return clusters;
    }

    long first(int index) {
        return first[index];
    }

    long count(int index) {
        return counts[index];
    }

    boolean toStorage(int index) {
        return giveBack[index];
    }
}
