package org.kvmbeans.block.nbd;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one client that the threads of all clients carry out, so many of them at the same time. A thread that has begun
 * goes on with the next, so that a busy queue wakes nobody.
 */
final class RequestQueue {
    private final Executor threads;
    private final int parallel;
    // The rest belongs to whoever holds this object's monitor.
    private final Deque<ServerRequest> waiting = new ArrayDeque<>();
    private int running;

    RequestQueue(Executor threads, int parallel) {
        this.threads = threads;
        this.parallel = parallel;
    }

    /** Has a request carried out some time. */
    void add(ServerRequest request) {
        synchronized (this) {
            waiting.add(request);
            if (running == parallel) {
                return;
            }
            running++;
        }
        threads.execute(this::work);
    }

    private void work() {
        boolean ended = false;
        try {
            for (ServerRequest request = next(); request != null; request = next()) {
                request.carryOut();
            }
            ended = true;
        } finally {
            if (!ended) {
                stop();
            }
        }
    }

    private synchronized @Nullable ServerRequest next() {
        ServerRequest request = waiting.poll();
        if (request == null) {
            stop();
        }
        return request;
    }

    private synchronized void stop() {
        running--;
        notifyAll();
    }

    /** Forgets the requests that nobody has begun: their client is gone. */
    synchronized void dropWaiting() {
        waiting.clear();
    }

    /** Waits until all are done. */
    synchronized void awaitIdle() {
        boolean interrupted = false;
        while (running > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
