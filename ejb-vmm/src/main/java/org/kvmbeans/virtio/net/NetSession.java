package org.kvmbeans.virtio.net;

import java.util.List;
import java.util.function.Consumer;
import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.virtio.spi.DeviceContext;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimiter;

/**
 * What a back end needs to know while a driver uses the NIC.
 *
 * @param context the device's
 * @param options the NIC's
 * @param loop the device's own loop, which also serves the control queue
 * @param transmitLimiter limits what the guest sends
 * @param receiveLimiter limits what it is given
 * @param counters of each queue, by index
 * @param traffic of the whole NIC
 * @param onFailure hears, on any thread, why the back end carries nothing any more; at most once
 */
public record NetSession(
        Posix posix,
        DeviceContext context,
        NetOptions options,
        EventLoop loop,
        RateLimiter transmitLimiter,
        RateLimiter receiveLimiter,
        List<QueueCounters> counters,
        NetCounters traffic,
        Consumer<String> onFailure) {
    /** Index of a pair's receive queue (virtio 1.2, 5.1.2). */
    public static int receiveIndex(int pair) {
        return 2 * pair;
    }

    /** Index of a pair's transmit queue. */
    public static int transmitIndex(int pair) {
        return 2 * pair + 1;
    }

    /** How many pairs the driver may use. */
    public int usablePairs() {
        return context.has(NetFeatures.MQ) ? options.queuePairs() : 1;
    }
}
