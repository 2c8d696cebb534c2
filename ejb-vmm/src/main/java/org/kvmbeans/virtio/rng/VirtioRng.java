package org.kvmbeans.virtio.rng;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.queue.DescriptorChain;
import org.kvmbeans.virtio.queue.ServedQueue;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.QueueSetup;
import org.kvmbeans.virtio.spi.RateLimiter;
import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.spi.VirtioFeatures;

/**
 * The entropy device (virtio 1.2, 5.4): one queue, whose buffers it fills with random bytes.
 *
 * <p>A request is answered with at most {@link #MAX_REQUEST_BYTES}, as the standard allows. A limiter holds a guest that
 * asks without end to a rate; its requests wait meanwhile. Requests are served on the loop's thread, which they never block.
 */
public final class VirtioRng implements VirtioDevice {
    /** The device id: virtio 1.2, 5. */
    public static final int TYPE = 4;

    /** The most bytes that one request is answered with. */
    public static final long MAX_REQUEST_BYTES = 64 << 10;

    private static final int QUEUE_SIZE = 64;
    private static final int FIRST_SEGMENTS = 8;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final EventLoop loop;
    private final EntropySource source;
    private final RateLimiter limiter;
    private final QueueCounters counters;
    /** Used by the loop's thread. */
    private final IoVector target;

    /** Written by start and stop, of which one runs at a time. */
    private @Nullable ServedQueue requests;

    /**
     * Makes one.
     *
     * @param loop serves the queue; stays the caller's, and open until this device is closed
     * @param limiter bytes and requests that the guest may take
     * @param counters of the queue
     */
    public VirtioRng(Posix posix, EventLoop loop, EntropySource source, RateLimiter limiter, QueueCounters counters) {
        this.loop = loop;
        this.source = source;
        this.limiter = limiter;
        this.counters = counters;
        target = new IoVector(posix, FIRST_SEGMENTS);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public long features() {
        return VirtioFeatures.RING;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE};
    }

    @Override
    public int configBytes() {
        return 0;
    }

    @Override
    public long readConfig(int offset, int size) {
        return 0;
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        // There is no configuration space.
    }

    @Override
    public void start(DeviceContext context) {
        QueueSetup setup = context.queue(0);
        if (setup != null) {
            requests = ServedQueue.open(context, setup, loop, counters, this::serve);
        }
    }

    private boolean serve(ServedQueue queue, DescriptorChain chain) {
        long wanted = Math.min(chain.writable().totalBytes(), MAX_REQUEST_BYTES);
        if (wanted == 0) {
            // Nothing to write to: the driver's mistake (5.4.6.1), and harmless.
            counters.failed();
            queue.complete(chain, 0, 0, 0);
            return true;
        }
        long waitNanos = limiter.admit(wanted);
        if (waitNanos > 0) {
            counters.throttled(waitNanos);
            loop.schedule(waitNanos, queue::resume);
            return false;
        }
        chain.writable().vector(target, 0, wanted);
        long filled = source.fill(target);
        if (filled == 0) {
            loop.schedule(RETRY_NANOS, queue::resume);
            return false;
        }
        if (filled < 0) {
            counters.failed();
            queue.fail("the host gives no entropy: getrandom failed: " + Errno.name((int) -filled));
            return true;
        }
        queue.complete(chain, filled, 0, filled);
        return true;
    }

    @Override
    public void stop() {
        ServedQueue queue = requests;
        requests = null;
        if (queue != null) {
            loop.runAndWait(() -> {
                queue.close();
                target.clear();
            });
        }
    }

    @Override
    public void close() {
        stop();
    }
}
