package org.kvmbeans.block;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the requests in progress, and keeps new ones out while somebody needs that there is none.
 *
 * <p>Entering and leaving are one atomic addition each, to a counter that few threads share: a request adds to its counter
 * and then looks whether the gate is shut; whoever shuts it first does so and then looks at the counters. Of a request and a
 * shutting that come at the same time, one at least sees the other.
 */
final class RequestGate {
    /** Counters; a thread uses the one that its number says. */
    private static final int STRIPES = 16;

    /** Longs from one counter to the next: two cache lines, as they are fetched in pairs. */
    private static final int STRIDE = 16;

    private final AtomicLongArray inProgress = new AtomicLongArray((STRIPES + 1) * STRIDE);
    /** Held by whoever shut the gate; he may shut it again. */
    private final ReentrantLock shutting = new ReentrantLock();
    /** Guards the waiting below; and whoever changes {@link #shut} holds it. */
    private final Object lock = new Object();

    private volatile boolean shut;

    /** A request begins, if the gate is open: a ticket for {@link #leave}; -1 where it is shut. */
    int tryEnter() {
        int ticket = ((int) Thread.currentThread().getId() & STRIPES - 1) * STRIDE + STRIDE;
        inProgress.getAndIncrement(ticket);
        if (!shut) {
            return ticket;
        }
        leave(ticket);
        return -1;
    }

    /** A request begins, when the gate is open: a ticket for {@link #leave}. */
    int enter() {
        int ticket = tryEnter();
        boolean interrupted = false;
        while (ticket < 0) {
            synchronized (lock) {
                while (shut) {
                    interrupted |= waitInterrupted();
                }
            }
            ticket = tryEnter();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ticket;
    }

    /** A request that entered has ended. */
    void leave(int ticket) {
        inProgress.getAndDecrement(ticket);
        if (shut) {
            synchronized (lock) {
                lock.notifyAll();
            }
        }
    }

    /**
     * Keeps new requests out and waits until those in progress have ended. Only one thread at a time has the gate shut.
     *
     * @return false where they had not ended after {@code nanos}: the gate is then as it was
     */
    boolean shut(long nanos) {
        shutting.lock();
        if (shutting.getHoldCount() > 1) {
            return true;
        }
        long deadline = System.nanoTime() + nanos;
        boolean interrupted = false;
        boolean empty;
        synchronized (lock) {
            shut = true;
            empty = isEmpty();
            for (long left = nanos; !empty && left > 0; left = deadline - System.nanoTime()) {
                interrupted |= waitInterrupted(left);
                empty = isEmpty();
            }
        }
        if (!empty) {
            open();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return empty;
    }

    /** Lets requests in again. */
    void open() {
        if (shutting.getHoldCount() == 1) {
            synchronized (lock) {
                shut = false;
                lock.notifyAll();
            }
        }
        shutting.unlock();
    }

    /** Whether new requests are kept out. */
    boolean isShut() {
        return shut;
    }

    private boolean isEmpty() {
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            if (inProgress.get(stripe * STRIDE) != 0) {
                return false;
            }
        }
        return true;
    }

    private boolean waitInterrupted() {
        return waitInterrupted(TimeUnit.MINUTES.toNanos(1));
    }

    /** Waits for a change; whether it was interrupted. */
    private boolean waitInterrupted(long nanos) {
        try {
            TimeUnit.NANOSECONDS.timedWait(lock, nanos);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }
}
