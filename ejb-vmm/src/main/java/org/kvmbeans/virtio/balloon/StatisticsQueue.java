package org.kvmbeans.virtio.balloon;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;

/**
 * The statistics queue (virtio 1.2, 5.5.6.3): its one buffer stays with the device, which gives it back when it wants to
 * hear again; the driver then fills it anew. Its fields but {@link #latest} belong to the loop's thread.
 */
final class StatisticsQueue implements ServedQueue.Server {
    private final EventLoop loop;
    private final byte[] bytes = new byte[BalloonStatistics.MAX_BYTES];

    private @Nullable ServedQueue queue;
    private @Nullable DescriptorChain held;
    /** Makes the ticks of an earlier period end. */
    private long period;

    private volatile @Nullable BalloonStatistics latest;

    StatisticsQueue(EventLoop loop) {
        this.loop = loop;
    }

    @Override
    public boolean serve(ServedQueue from, DescriptorChain chain) {
        int length = (int) Math.min(chain.readable().totalBytes(), bytes.length);
        chain.readable().read(0, bytes, 0, length);
        latest = BalloonStatistics.parse(bytes, length, System.currentTimeMillis());
        // A driver has one buffer; one that sends another gets the first back.
        giveBack();
        queue = from;
        held = chain;
        return true;
    }

    /** What the driver told last; null before it told anything. */
    @Nullable
    BalloonStatistics latest() {
        return latest;
    }

    /** Asks the driver, on the loop's thread; does nothing where it has been asked and has not answered. */
    void request() {
        ServedQueue from = queue;
        giveBack();
        if (from != null) {
            from.publish();
        }
    }

    private void giveBack() {
        DescriptorChain chain = held;
        ServedQueue from = queue;
        held = null;
        queue = null;
        if (chain != null && from != null) {
            from.complete(chain, 0, chain.readable().totalBytes(), 0);
        }
    }

    /** Asks every {@code millis} from now on; never where it is 0. */
    void requestEvery(long millis) {
        period++;
        if (millis > 0) {
            tick(period, TimeUnit.MILLISECONDS.toNanos(millis));
        }
    }

    private void tick(long ofPeriod, long nanos) {
        if (ofPeriod == period) {
            request();
            loop.schedule(nanos, () -> tick(ofPeriod, nanos));
        }
    }

    /** Forgets the buffer: the driver has reset the device. */
    void reset() {
        held = null;
        queue = null;
        latest = null;
    }
}
