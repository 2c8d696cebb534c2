package org.kvmbeans.sys;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The requests that {@link LinuxAio} or {@link IoUring} has, by the numbers that the kernel knows them by. */
final class AsyncSlots<T> {
    private record Refused<T>(T request, int errno) {}

    private final List<@Nullable T> requests;
    private final int[] free;
    private final Queue<Refused<T>> refused = new ArrayDeque<>();
    private int freeCount;

    AsyncSlots(int depth) {
        requests = new ArrayList<>(Collections.nCopies(depth, (T) null));
        free = new int[depth];
        for (int i = 0; i < depth; i++) {
            free[freeCount++] = i;
        }
    }

    int room() {
        return freeCount;
    }

    /** The number of a request, for which there is room. */
    int take(T request) {
        int slot = free[--freeCount];
        requests.set(slot, request);
        return slot;
    }

    T release(int slot) {
        T request = requests.set(slot, null);
        if (request == null) {
            throw new IllegalStateException("request " + slot + " is done, but was not submitted");
        }
        free[freeCount++] = slot;
        return request;
    }

    /** A request was not taken by the kernel. */
    void refuse(int slot, int errno) {
        refused.add(new Refused<>(release(slot), errno));
    }

    /** Tells of the requests that were refused. */
    void reapRefused(IoListener<T> listener) {
        for (Refused<T> next = refused.poll(); next != null; next = refused.poll()) {
            listener.done(next.request(), -next.errno());
        }
    }
}
