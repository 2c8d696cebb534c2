package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.nbd.ClientRequest.Outcome;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * Gives requests a session that works: a new one in the place of one that broke. The first request that finds it broken
 * connects, waiting longer after each failure; the others wait for it. What was acknowledged and not flushed is sent again
 * before any of them goes on.
 */
final class Sessions {
    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(10).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Posix posix;
    private final NbdUri uri;
    private final NbdClientOptions options;
    private final ReplayLog log;
    private final Consumer<ExportInfo> whenConnected;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // The rest belongs to whoever holds the lock, and the pause to the thread that connects.
    private Session current;
    private boolean connecting;
    private boolean closed;
    private long reconnects;
    private long connectedNanos = System.nanoTime();
    private long pauseNanos;
    /** Whether there is no session that works, and since when. */
    private boolean waiting;

    private long brokenNanos;
    private int failures;
    private long failedNanos;
    private @Nullable DiskImageException lastFailure;
    private @Nullable DiskImageException lost;

    /** @param whenConnected is told what a new session's export is like, before requests use it */
    Sessions(
            Posix posix,
            NbdUri uri,
            NbdClientOptions options,
            ReplayLog log,
            Session first,
            Consumer<ExportInfo> whenConnected) {
        this.posix = posix;
        this.uri = uri;
        this.options = options;
        this.log = log;
        this.current = first;
        this.whenConnected = whenConnected;
    }

    /**
     * A session that the caller takes part in until {@link Session#leave}.
     *
     * @throws DiskImageException where there is none in time, or writes are lost
     */
    Session enter() throws DiskImageException {
        long giveUpNanos;
        Session broken;
        lock.lock();
        try {
            int failuresBefore = failures;
            while (true) {
                requireUsable();
                if (current.enter()) {
                    return current;
                }
                long now = System.nanoTime();
                boolean justFailed = lastFailure != null && now - failedNanos < LONGEST_PAUSE_NANOS && overdue(now);
                if (lastFailure != null && (failures != failuresBefore || justFailed)) {
                    throw lastFailure;
                }
                if (!connecting) {
                    break;
                }
                changed.awaitUninterruptibly();
            }
            connecting = true;
            broken = current;
            if (!waiting) {
                waiting = true;
                brokenNanos = System.nanoTime();
            }
            giveUpNanos = brokenNanos + options.reconnectFor().toNanos();
        } finally {
            lock.unlock();
        }
        return replace(broken, giveUpNanos);
    }

    /** Whether requests have waited long enough: further ones fail, but for one a second that tries. */
    private boolean overdue(long now) {
        return waiting && now - brokenNanos >= options.reconnectFor().toNanos();
    }

    private void requireUsable() throws DiskImageException {
        if (lost != null) {
            throw lost;
        }
        if (closed) {
            throw failure("it was closed");
        }
    }

    private Session replace(Session broken, long giveUpNanos) throws DiskImageException {
        Session next = null;
        DiskImageException failure = null;
        try {
            broken.awaitUnused();
            if (!log.copies() && log.hasUnflushed()) {
                failure = lose("the connection broke (" + broken.why()
                        + "), and what was written since the last flush may be lost; open it again");
            } else {
                next = connect(broken, giveUpNanos);
            }
        } catch (DiskImageException e) {
            failure = e;
        } finally {
            publish(next, failure);
        }
        if (next == null) {
            throw failure == null ? failure("it cannot be reached") : failure;
        }
        return next;
    }

    private void publish(@Nullable Session next, @Nullable DiskImageException failure) {
        lock.lock();
        try {
            connecting = false;
            if (next != null) {
                current = next;
                reconnects++;
                waiting = false;
                lastFailure = null;
                connectedNanos = System.nanoTime();
            } else {
                failures++;
                lastFailure = failure;
                failedNanos = System.nanoTime();
            }
            changed.signalAll();
            if (closed && next != null) {
                next.abort("it was closed");
            }
        } finally {
            lock.unlock();
        }
    }

    /** Tries until it succeeds; the session it returns the caller has entered. */
    private Session connect(Session broken, long giveUpNanos) throws DiskImageException {
        String why = String.valueOf(broken.why());
        if (System.nanoTime() - connectedNanos > LONGEST_PAUSE_NANOS) {
            pauseNanos = 0;
        }
        while (true) {
            pause(giveUpNanos);
            try {
                Session session = Session.open(uri, options);
                if (session.enter()) {
                    adopt(session);
                    return session;
                }
                why = String.valueOf(session.why());
            } catch (IOException e) {
                why = String.valueOf(e.getMessage());
            }
            lock.lock();
            try {
                requireUsable();
            } finally {
                lock.unlock();
            }
            if (System.nanoTime() - giveUpNanos >= 0) {
                throw failure("the connection broke, and there is no new one: " + why);
            }
        }
    }

    private void adopt(Session session) throws IOException {
        boolean adopted = false;
        try {
            whenConnected.accept(session.export());
            replay(session);
            adopted = true;
        } finally {
            if (!adopted) {
                session.leave();
                session.abort("writes could not be sent again");
            }
        }
    }

    /** Waits before the next try, each time longer, but not beyond {@code giveUpNanos}; ends early where it is closed. */
    private void pause(long giveUpNanos) throws DiskImageException {
        lock.lock();
        try {
            long left = Math.min(pauseNanos, giveUpNanos - System.nanoTime());
            pauseNanos = Math.min(LONGEST_PAUSE_NANOS, Math.max(FIRST_PAUSE_NANOS, 2 * pauseNanos));
            boolean interrupted = false;
            while (left > 0 && !closed) {
                try {
                    left = changed.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            requireUsable();
        } finally {
            lock.unlock();
        }
    }

    /** One after the other: of two that overlap the later must win, and a server may reorder what it has at one time. */
    private void replay(Session session) throws IOException {
        IoVector vector = new IoVector(posix, 1);
        for (ReplayLog.Entry entry : log.entries()) {
            boolean data = entry.fill(vector);
            ClientRequest request = new ClientRequest(
                    data ? Nbd.CMD_WRITE : Nbd.CMD_WRITE_ZEROES,
                    entry.flags(),
                    entry.offset(),
                    entry.length(),
                    data ? vector : null,
                    ExportInfo.NO_CONTEXT);
            session.send(request);
            if (request.await() == Outcome.BROKEN || request.error() == NbdErrors.ESHUTDOWN) {
                throw new IOException("the connection broke again: " + session.why());
            }
            if (request.error() != NbdErrors.NONE) {
                throw lose("the server came back and refuses writes that it had acknowledged: "
                        + NbdErrors.name(request.error()) + "; what was written since the last flush may be lost");
            }
        }
    }

    /** What was acknowledged is gone: nothing may go on as if it were there. */
    private DiskImageException lose(String what) {
        DiskImageException failure = failure(what);
        lock.lock();
        try {
            lost = failure;
        } finally {
            lock.unlock();
        }
        return failure;
    }

    DiskImageException failure(String what) {
        return new DiskImageException(Kind.IO_ERROR, uri.toString(), what);
    }

    /** What the server says of a request that failed. */
    DiskImageException failure(ClientRequest request) {
        String said = request.message().isEmpty() ? "" : ", and says " + ProtocolException.quoted(request.message());
        return new DiskImageException(
                NbdErrors.kind(request.error()),
                uri.toString(),
                request + ": the server answers " + NbdErrors.name(request.error()) + said);
    }

    /** How often a broken session was replaced. */
    long reconnects() {
        lock.lock();
        try {
            return reconnects;
        } finally {
            lock.unlock();
        }
    }

    int connectionCount() {
        lock.lock();
        try {
            return current.connectionCount();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all. Idempotent. */
    void close() {
        Session last;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            last = current;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        last.disconnect();
    }
}
