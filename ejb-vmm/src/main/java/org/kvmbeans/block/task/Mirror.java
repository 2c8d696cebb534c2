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

    private final CopyMeans means;
    private final SwitchableImage disk;
    private final Scope scope;

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

    /** Opens a copy for the disk that goes on with it. */
    @FunctionalInterface
    public interface Reopening {
        /** Opens it, to read and write. */
        DiskImage open(Path path) throws IOException;
    }

    public Mirror(CopyMeans means, SwitchableImage disk, Scope scope) {
        this.means = means;
        this.disk = disk;
        this.scope = scope;
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
     * Mirrors until it is ended or cancelled.
     *
     * @param maker makes the copy; for {@link Scope#TOP} over the top image's backing file
     * @param target has its name only when the copy is whole and durable
     * @param reopening opens it then for the disk
     * @throws CancellationException from {@code progress}; the disk is as before, and the copy does not exist
     */
    public void run(ImageMaker maker, Path target, NewImage.Existing existing, Reopening reopening, Progress progress)
            throws IOException {
        DiskImage former = null;
        try (SwitchableImage.Claim claim = disk.claim("a mirror");
                NewImage made = NewImage.make(maker, target, disk.sizeBytes(), existing)) {
            former = mirror(made, maker, reopening, progress);
        } finally {
            become(State.ENDED);
            if (former != null) {
                former.close();
            }
        }
    }

    private @Nullable DiskImage mirror(NewImage made, ImageMaker maker, Reopening reopening, Progress progress)
            throws IOException {
        LiveSink.Contents contents =
                scope == Scope.FULL && maker.readsZeros() ? LiveSink.Contents.ZEROS : LiveSink.Contents.ANYTHING;
        LiveSink sink = new LiveSink(made.image(), maker.unitBytes(), contents);
        LiveSource.Scope live = scope == Scope.FULL ? LiveSource.Scope.ALL : LiveSource.Scope.TOP;
        try (LiveCopy copy = new LiveCopy(means, disk, live, sink, progress)) {
            copy.begin((dirty, image) -> dirty.markAll());
            copy.converge();
            become(State.READY);
            Ending how = awaitEnding(copy);
            return copy.complete(exclusive -> {
                        made.finish();
                        return how == Ending.SWITCH ? switchTo(exclusive, reopening.open(made.path())) : NOTHING;
                    })
                    .image();
        }
    }

    /** The image that the disk had. */
    private record Former(@Nullable DiskImage image) {}

    private static final Former NOTHING = new Former(null);

    private Former switchTo(SwitchableImage.Switch exclusive, DiskImage copy) throws IOException {
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
