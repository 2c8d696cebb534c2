package org.kvmbeans.block.qcow2;

import java.util.Arrays;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.sys.IoVector;

/**
 * Reads and writes of an image that go to its storage as they are: those of one stretch of the image's own clusters, which
 * the metadata in memory tells where they are. The others are refused. Used by one thread at a time.
 */
final class Qcow2Requests<T> implements AsyncRequests<T> {
    private final Metadata metadata;
    private final Bitmaps bitmaps;
    private final AsyncRequests<Entered<T>> storage;
    private final Run run = new Run();
    /** Those in progress, each at its own number. */
    private Entered<T>[] entered;

    private int[] free = new int[0];
    private int freeCount;

    /** A request that has entered the image; it leaves when it has ended. */
    static final class Entered<T> {
        private final int number;
        private T request;
        private int age;
        /** What it writes; 0 bytes for a read. */
        private long offset;

        private long bytes;

        Entered(int number, T request) {
            this.number = number;
            this.request = request;
        }
    }

    @SuppressWarnings("unchecked")
    Qcow2Requests(Metadata metadata, Bitmaps bitmaps, AsyncRequests<Entered<T>> storage) {
        this.bitmaps = bitmaps;
        this.metadata = metadata;
        this.storage = storage;
        entered = (Entered<T>[]) new Entered<?>[0];
    }

    @Override
    public boolean read(long offset, IoVector target, T request) {
        int age = metadata.findAtOnce(offset, target.totalBytes(), run);
        if (age < 0) {
            return false;
        }
        boolean taken = false;
        if (run.kind == Run.Kind.DATA && run.bytes == target.totalBytes()) {
            Entered<T> entry = take(request, age);
            taken = storage.read(run.hostOffset, target, entry);
            if (!taken) {
                give(entry);
            }
        }
        if (!taken) {
            metadata.leave(age);
        }
        return taken;
    }

    @Override
    public boolean write(long offset, IoVector source, T request) {
        int age = metadata.findAtOnce(offset, source.totalBytes(), run);
        if (age < 0) {
            return false;
        }
        boolean taken = false;
        if (run.kind == Run.Kind.DATA && run.own && run.bytes == source.totalBytes()) {
            Entered<T> entry = take(request, age);
            entry.offset = offset;
            entry.bytes = source.totalBytes();
            bitmaps.written(offset, entry.bytes);
            taken = storage.write(run.hostOffset, source, entry);
            if (!taken) {
                give(entry);
            }
        }
        if (!taken) {
            metadata.leave(age);
        }
        return taken;
    }

    private Entered<T> take(T request, int age) {
        if (freeCount == 0) {
            int number = entered.length;
            entered = Arrays.copyOf(entered, number + 1);
            free = Arrays.copyOf(free, number + 1);
            entered[number] = new Entered<>(number, request);
            free[freeCount++] = number;
        }
        Entered<T> entry = entered[free[--freeCount]];
        entry.request = request;
        entry.age = age;
        entry.bytes = 0;
        return entry;
    }

    private void give(Entered<T> entry) {
        free[freeCount++] = entry.number;
        entry.age = -1;
    }

    @Override
    public void submit() {
        storage.submit();
    }

    @Override
    public void reap(Listener<T> listener) {
        storage.reap((entry, done) -> {
            T request = entry.request;
            bitmaps.written(entry.offset, entry.bytes);
            metadata.leave(entry.age);
            give(entry);
            listener.ended(request, done);
        });
    }

    @Override
    public void close() {
        storage.close();
        for (Entered<T> entry : entered) {
            if (entry.age >= 0) {
                metadata.leave(entry.age);
                entry.age = -1;
            }
        }
    }
}
