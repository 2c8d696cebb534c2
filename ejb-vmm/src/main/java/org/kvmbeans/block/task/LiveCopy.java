package org.kvmbeans.block.task;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.WriteWatch;

/**
 * Copies a disk in use until the copy is as good as equal: what is written meanwhile is copied again, pass after pass. Where
 * the guest writes faster than the copy follows, its writes are made to wait, so that the copy comes to an end.
 *
 * <p>The operation's own thread calls; a pass gives out each part once, so that no two copies of it overtake each other.
 */
final class LiveCopy implements AutoCloseable {
    /** So little left is copied while the guest waits. */
    private static final long FEW_BYTES = 4L << 20;
    /** After so many passes the guest has to wait for the copy. */
    private static final int PATIENT_PASSES = 8;

    /** Marks are taken away so little ahead of the copy that few changes are copied twice. */
    private static final long RUN_BYTES = 256L << 20;

    private static final long MAX_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final SwitchableImage disk;
    private final LiveSource source;
    private final DirtyMap dirty;
    private final Watch watch;
    private final DiskCopy copy;
    private final FirstSink sink;
    private int passes;

    /** A sink that knows whether parts may come for the second time. */
    interface FirstSink extends CopySink {
        /** From now on parts may hold anything. */
        void firstPassEnds();
    }

    LiveCopy(CopyMeans means, SwitchableImage disk, LiveSource.Scope scope, FirstSink sink, Progress progress) {
        this.disk = disk;
        this.sink = sink;
        source = new LiveSource(disk, scope);
        DirtyMap usual = DirtyMap.of(disk.sizeBytes());
        dirty = usual.granularityBytes() >= sink.unitBytes() ? usual : new DirtyMap(disk.sizeBytes(), sink.unitBytes());
        watch = new Watch(dirty);
        copy = new DiskCopy(means, source, sink, null, progress, 0);
    }

    /** Marks what changes, and holds writers back where that is asked for. */
    private static final class Watch implements WriteWatch {
        private final DirtyMap dirty;
        private boolean delaying;

        Watch(DirtyMap dirty) {
            this.dirty = dirty;
        }

        @Override
        public boolean delaysWrites() {
            return true;
        }

        @Override
        public synchronized void beforeChange(long offset, long length) {
            if (delaying && dirty.dirtyBytes() > FEW_BYTES) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, MAX_DELAY_NANOS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void afterChange(long offset, long length) {
            dirty.mark(offset, length);
        }

        synchronized void delay(boolean newDelaying) {
            delaying = newDelaying;
            notifyAll();
        }
    }

    /** Begins to watch the disk. */
    void begin(Beginning beginning) throws IOException {
        disk.exclusively(exclusive -> {
            beginning.mark(dirty, exclusive.current());
            exclusive.watch(watch);
            return exclusive;
        });
        copy.meter().added(dirty.dirtyBytes());
    }

    /** Copies all that is marked, once. */
    void pass() throws IOException {
        // A disk that was closed ends the operation, also where nothing is left to copy.
        disk.use(image -> image);
        passes++;
        if (passes > PATIENT_PASSES) {
            watch.delay(dirty.dirtyBytes() > FEW_BYTES);
        }
        copyMarked();
        if (passes == 1) {
            sink.firstPassEnds();
        }
    }

    private void copyMarked() throws IOException {
        long size = disk.sizeBytes();
        for (long at = dirty.nextDirty(0); at >= 0; at = at >= size ? -1 : dirty.nextDirty(at)) {
            long end = Math.min(dirty.dirtyEnd(at, size), at + RUN_BYTES);
            if (passes > 1) {
                copy.meter().added(end - at);
            }
            at = copyRun(at, end);
        }
        copy.finish();
    }

    private long copyRun(long from, long end) throws IOException {
        // The mark goes before the contents are read: a change after that marks again.
        dirty.clear(from, end);
        copy.copy(from, end);
        return end;
    }

    /** Whether so little is left that the guest may wait for it. */
    boolean isAlmostDone() {
        return passes > 0 && dirty.dirtyBytes() <= FEW_BYTES;
    }

    /** Tells how far it is. */
    void tick() {
        copy.meter().run();
    }

    /** Copies until it is almost done. */
    void converge() throws IOException {
        do {
            pass();
        } while (!isAlmostDone());
    }

    /**
     * Copies the rest while the guest waits, and does what comes last. The disk is watched no more when that has gone well.
     */
    <T> T complete(SwitchableImage.Exclusive<T> last) throws IOException {
        watch.delay(false);
        return disk.exclusively(exclusive -> {
            source.readDirectly(exclusive.current());
            copy.hurry(true);
            try {
                copyMarked();
            } finally {
                copy.hurry(false);
                source.readDirectly(null);
            }
            T result = last.with(exclusive);
            exclusive.unwatch(watch);
            return result;
        });
    }

    /** Ends its threads and watches no more. Idempotent. */
    @Override
    public void close() throws IOException {
        watch.delay(false);
        copy.close();
        if (!disk.isClosed()) {
            disk.exclusively(exclusive -> {
                exclusive.unwatch(watch);
                return exclusive;
            });
        }
    }
}
