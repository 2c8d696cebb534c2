package org.kvmbeans.virtio.balloon;

import java.util.concurrent.atomic.AtomicLong;

/** What a balloon did with the guest's pages, counted over power cycles. May be used from any thread. */
public final class BalloonCounters {
    private final AtomicLong inflated = new AtomicLong();
    private final AtomicLong deflated = new AtomicLong();
    private final AtomicLong reported = new AtomicLong();
    private final AtomicLong refusedFrames = new AtomicLong();
    private final AtomicLong discardFailures = new AtomicLong();

    void inflated(long bytes) {
        inflated.addAndGet(bytes);
    }

    void deflated(long bytes) {
        deflated.addAndGet(bytes);
    }

    void reported(long bytes) {
        reported.addAndGet(bytes);
    }

    void refused(long frames) {
        refusedFrames.addAndGet(frames);
    }

    void discardFailed() {
        discardFailures.incrementAndGet();
    }

    /** Bytes that the guest put into the balloon and the host took back. */
    public long inflatedBytesTotal() {
        return inflated.get();
    }

    /** Bytes that the guest took out of the balloon. */
    public long deflatedBytesTotal() {
        return deflated.get();
    }

    /** Bytes that the guest reported free and the host took back. */
    public long reportedBytesTotal() {
        return reported.get();
    }

    /** Page frame numbers that name no RAM, or were beyond what a request may hold. */
    public long refusedFramesTotal() {
        return refusedFrames.get();
    }

    /** Times that the host refused to take pages back. */
    public long discardFailuresTotal() {
        return discardFailures.get();
    }
}
