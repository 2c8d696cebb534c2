package org.kvmbeans.block;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;

/**
 * Requests in the background of a {@link SwitchableImage}. From the first that is taken until its owner has reaped the last
 * they hold one ticket of the gate, so that the image below is exchanged only while none is in progress and its owner's
 * thread is not in here. Writes that somebody watches are left to {@link SwitchableImage#write}.
 */
final class SwitchableRequests<T> implements AsyncRequests<T> {
    private final SwitchableImage image;
    private final RequestGate gate;
    private final EventFd signal;
    private final Listener<T> counting = this::ended;

    /** Changes while the gate is shut, or by {@link #close}. */
    private volatile @Nullable AsyncRequests<T> below;

    /** Guarded by this. */
    private boolean closed;

    // These belong to the owner's thread.

    private int inProgress;
    private int ticket;
    private @Nullable Listener<T> listener;

    SwitchableRequests(SwitchableImage image, RequestGate gate, EventFd signal) {
        this.image = image;
        this.gate = gate;
        this.signal = signal;
    }

    /** Goes on with another image, or with none; nothing is in progress. */
    synchronized void switchTo(@Nullable DiskImage next) {
        AsyncRequests<T> former = below;
        below = null;
        if (former != null) {
            former.close();
        }
        if (next != null && !closed) {
            below = next.openAsync(signal);
        }
    }

    @Override
    public boolean read(long offset, IoVector target, T request) {
        if (!begins()) {
            return false;
        }
        AsyncRequests<T> current = below;
        return begun(current != null && current.read(offset, target, request));
    }

    @Override
    public boolean write(long offset, IoVector source, T request) {
        if (!begins()) {
            return false;
        }
        AsyncRequests<T> current = below;
        return begun(current != null && !image.isWatched() && current.write(offset, source, request));
    }

    /** Whether a request may be begun; {@link #begun} follows if so. */
    private boolean begins() {
        if (below == null) {
            return false;
        }
        if (inProgress > 0) {
            return !gate.isShut();
        }
        ticket = gate.tryEnter();
        return ticket >= 0;
    }

    private boolean begun(boolean taken) {
        if (taken) {
            inProgress++;
        } else if (inProgress == 0) {
            gate.leave(ticket);
        }
        return taken;
    }

    @Override
    public void submit() {
        if (inProgress > 0) {
            Objects.requireNonNull(below).submit();
        }
    }

    @Override
    public void reap(Listener<T> to) {
        if (inProgress == 0) {
            return;
        }
        listener = to;
        try {
            Objects.requireNonNull(below).reap(counting);
        } finally {
            listener = null;
            if (inProgress == 0) {
                gate.leave(ticket);
            }
        }
    }

    private void ended(T request, boolean done) {
        inProgress--;
        Objects.requireNonNull(listener).ended(request, done);
    }

    @Override
    public void close() {
        synchronized (this) {
            AsyncRequests<T> current = below;
            below = null;
            closed = true;
            if (current != null) {
                current.close();
            }
        }
        if (inProgress > 0) {
            inProgress = 0;
            gate.leave(ticket);
        }
        image.forget(this);
    }
}
