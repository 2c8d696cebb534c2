package org.kvmbeans.virtio.spi;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What happens at one queue, counted since the device was made. May be used from any thread; a reader finds each value
 * right, and several of them at slightly different moments.
 */
public final class QueueCounters {
    private final AtomicLong notifications = new AtomicLong();
    private final AtomicLong interrupts = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong completed = new AtomicLong();
    private final AtomicLong forgotten = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong bytesFromGuest = new AtomicLong();
    private final AtomicLong bytesToGuest = new AtomicLong();
    private final AtomicLong throttledNanos = new AtomicLong();
    private final LatencyHistogram latency = new LatencyHistogram();

    /** The driver notified the device, and its thread woke. */
    public void notified() {
        notifications.incrementAndGet();
    }

    /** The driver was interrupted. */
    public void interrupted() {
        interrupts.incrementAndGet();
    }

    /** A request, or packet, was taken from the queue. */
    public void accepted() {
        requests.incrementAndGet();
    }

    /**
     * A request was given back.
     *
     * @param fromGuest bytes of data that the guest handed over
     * @param toGuest bytes of data that the guest was given
     */
    public void completed(long fromGuest, long toGuest) {
        completed.incrementAndGet();
        if (fromGuest != 0) {
            bytesFromGuest.addAndGet(fromGuest);
        }
        if (toGuest != 0) {
            bytesToGuest.addAndGet(toGuest);
        }
    }

    /** A request was answered with an error, besides {@link #completed}. */
    public void failed() {
        errors.incrementAndGet();
    }

    /** Requests were taken that are never given back, because the device was reset. */
    public void forgotten(long count) {
        forgotten.addAndGet(count);
    }

    /** Requests waited for a rate limit. */
    public void throttled(long nanos) {
        throttledNanos.addAndGet(nanos);
    }

    /** How long requests took from being taken to being given back. */
    public LatencyHistogram latency() {
        return latency;
    }

    public long notificationsTotal() {
        return notifications.get();
    }

    public long interruptsTotal() {
        return interrupts.get();
    }

    public long requestsTotal() {
        return requests.get();
    }

    /** Requests taken and not yet given back. */
    public long depth() {
        return Math.max(0, requests.get() - completed.get() - forgotten.get());
    }

    public long errorsTotal() {
        return errors.get();
    }

    public long bytesFromGuest() {
        return bytesFromGuest.get();
    }

    public long bytesToGuest() {
        return bytesToGuest.get();
    }

    public long throttledNanos() {
        return throttledNanos.get();
    }
}
