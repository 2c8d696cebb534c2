package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;

/**
 * Copies a disk in use to a new image and keeps the copy equal while the guest goes on to write, until somebody says how it
 * ends: the guest goes on with the copy ({@link Ending#SWITCH}), or the copy stays as it was at that moment
 * ({@link Ending#KEEP}). Made for one run.
 */
public final class Mirror {
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Former NOTHING = new Former(null);

    private final CopyMeans means;
    private final SwitchableImage disk;
    private final Scope scope;
    private final Beginning beginning;

    private State state = State.COPYING;
    private @Nullable Ending ending;

    /** What is copied. */
    public enum Scope {
        /** All that the disk shows. */
        FULL,
        /** What its top image has itself: the copy lies over the same backing file. */
        TOP
    }

    /** How far it is. */
    public enum State {
        /** The copy lacks much. */
        COPYING,
        /** The copy is almost equal and kept so; {@link #end} takes little time. */
        READY,
        /** It has ended, well or not. */
        ENDED
    }

    /** How a mirror that is ready ends. */
    public enum Ending {
        /** The disk goes on with the copy; its former image is closed. */
        SWITCH,
        /** The disk goes on as it is; the copy is as it was when the mirror ended. */
        KEEP
    }

    /** Copies all that {@code scope} says. */
    public Mirror(CopyMeans means, SwitchableImage disk, Scope scope) {
        this(means, disk, scope, Beginning.ALL);
    }

    /** @param beginning says which parts the copy lacks, where it has the others already */
    public Mirror(CopyMeans means, SwitchableImage disk, Scope scope, Beginning beginning) {
        this.means = means;
        this.disk = disk;
        this.scope = scope;
        this.beginning = beginning;
    }

    /** How far it is. Any thread. */
    public synchronized State state() {
        return state;
    }

    /** Says how it is to end, as soon as it is ready. Any thread. */
    public synchronized void end(Ending how) {
        ending = how;
        notifyAll();
    }

    /**
     * Mirrors to a new file until it is ended or cancelled.
     *
     * @param maker makes the copy; for {@link Scope#TOP} over the top image's backing file
     * @param path has its name only when the copy is whole and durable
     * @param reopening opens it then for the disk
     * @throws CancellationException from {@code progress}; the disk is as before, and the copy does not exist
     */
    public void run(
            ImageMaker maker, Path path, NewImage.Existing existing, CopyTarget.Reopening reopening, Progress progress)
            throws IOException {
        run(CopyTarget.file(maker, path, disk.sizeBytes(), existing, reopening), progress);
    }

    /**
     * Mirrors to any target until it is ended or cancelled.
     *
     * @param target is closed by this
     * @throws CancellationException from {@code progress}; the disk is as before
     */
    public void run(CopyTarget target, Progress progress) throws IOException {
        Former former = NOTHING;
        boolean done = false;
        try (CopyTarget closing = target;
                SwitchableImage.Claim claim = disk.claim("a mirror")) {
            former = mirror(closing, progress);
            done = true;
        } finally {
            if (!done) {
                beginning.failed();
            }
            become(State.ENDED);
            if (former.image() != null) {
                former.image().close();
            }
        }
    }

    /** The image that the disk had before. */
    private record Former(@Nullable DiskImage image) {}

    private Former mirror(CopyTarget target, Progress progress) throws IOException {
        LiveSink.Contents contents =
                scope == Scope.FULL && target.readsZeros() ? LiveSink.Contents.ZEROS : LiveSink.Contents.ANYTHING;
        LiveSink sink = new LiveSink(target.image(), target.unitBytes(), contents);
        LiveSource.Scope live = scope == Scope.FULL ? LiveSource.Scope.ALL : LiveSource.Scope.TOP;
        try (LiveCopy copy = new LiveCopy(means, disk, live, sink, progress)) {
            copy.begin(beginning);
            copy.converge();
            become(State.READY);
            Ending how = awaitEnding(copy);
            return copy.complete(exclusive -> {
                target.finish();
                return how == Ending.SWITCH ? switchTo(exclusive, target.handOver()) : NOTHING;
            });
        }
    }

    private static Former switchTo(SwitchableImage.Switch exclusive, DiskImage copy) throws IOException {
        DiskImage former = exclusive.current();
        try {
            exclusive.to(copy);
        } catch (IOException | RuntimeException e) {
            copy.close();
            throw e;
        }
        return new Former(former);
    }

    private synchronized void become(State newState) {
        state = newState;
        notifyAll();
    }

    /** Keeps the copy equal until somebody says how it ends. */
    private Ending awaitEnding(LiveCopy copy) throws IOException {
        while (true) {
            synchronized (this) {
                if (ending != null) {
                    return ending;
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, IDLE_NANOS);
                } catch (InterruptedException e) {
                    throw new IOException("the mirror was interrupted", e);
                }
            }
            copy.converge();
        }
    }

    /** Waits until it is in a state, or beyond. Any thread but the one that runs it. */
    public synchronized void await(State awaited) throws InterruptedException {
        while (state.compareTo(awaited) < 0) {
            wait();
        }
    }
}
