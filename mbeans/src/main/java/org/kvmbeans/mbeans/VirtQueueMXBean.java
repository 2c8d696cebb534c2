package org.kvmbeans.mbeans;

/** One queue of a virtio device: {@code org.kvmbeans:type=VirtQueue,vm=NAME,device=vda,id=0}. */
@Description("A virtqueue of a device")
public interface VirtQueueMXBean {
    @Description("Number of the queue in its device, from 0")
    int getId();

    @Description("The name of the device")
    String getDevice();

    @Description("Descriptors that the driver gave the queue, or may give it at most; 0 while the VM is off")
    int getSize();

    @Description("Whether a driver has enabled the queue")
    boolean isEnabled();

    @Description("NONE (no driver yet), SPLIT or PACKED")
    RingFormat getRingFormat();

    @Description("Times that the driver woke the device; where the kernel serves the queue, it alone knows")
    long getNotificationsTotal();

    @Description("Interrupts sent to the driver; where the kernel serves the queue, it alone knows")
    long getInterruptsTotal();

    @Description("Requests, or packets, taken from the queue")
    long getRequestsTotal();

    @Description("Data that the guest handed over")
    @Unit("bytes")
    long getBytesFromGuest();

    @Description("Data that the guest was given")
    @Unit("bytes")
    long getBytesToGuest();

    @Description("Requests answered with an error")
    long getErrorsTotal();

    @Description("Requests taken and not yet given back")
    long getDepth();

    @Description("Requests whose duration was measured")
    long getLatencyCount();

    @Description("Sum of the durations of requests")
    @Unit("nanoseconds")
    long getLatencyNanosTotal();

    @Description("Duration of the longest request")
    @Unit("nanoseconds")
    long getLatencyNanosMax();

    @Description("Durations of requests: count, total and maximum in nanoseconds, and a histogram")
    LatencyStatistics getLatency();

    @Description("Time for which requests waited for a rate limit")
    @Unit("nanoseconds")
    long getThrottledNanos();

    @Description("Headline values that belong together")
    QueueUsage getUsage();
}
