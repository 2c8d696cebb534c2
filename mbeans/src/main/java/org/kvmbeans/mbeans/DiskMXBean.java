package org.kvmbeans.mbeans;

import java.util.Map;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * A virtio disk: {@code org.kvmbeans:type=Disk,vm=NAME,name=vda}. It is there as long as the VM's definition has the disk,
 * and counts across restarts of the VM.
 */
@Description("A virtio disk of a VM")
public interface DiskMXBean extends VirtioDeviceAttributes {
    @Description("The image file or block device on the host")
    String getPath();

    @Description("The format of the image, for example raw")
    String getFormat();

    @Description("NONE, DIRECTSYNC, WRITEBACK, WRITETHROUGH or UNSAFE, as QEMU means them")
    CacheMode getCacheMode();

    @Description("What an error of the host leads to: REPORT to the guest, STOP the VM, or IGNORE")
    DiskErrorPolicy getErrorPolicy();

    @Description("Whether the guest may only read")
    boolean isReadOnly();

    @Description("The serial number that the guest sees; may be empty")
    String getSerial();

    @Description("Size that the guest sees; 0 while the VM is off and the size is not known")
    @Unit("bytes")
    long getSizeBytes();

    @Description("Space that the image takes on the host; 0 where it is not known")
    @Unit("bytes")
    long getAllocatedBytes();

    @Description("Reads since the definition")
    long getReadsTotal();

    @Description("Writes since the definition, those of zeroes among them")
    long getWritesTotal();

    @Description("Flushes since the definition")
    long getFlushesTotal();

    @Description("Discards since the definition")
    long getDiscardsTotal();

    @Description("Data that the guest has read")
    @Unit("bytes")
    long getBytesRead();

    @Description("Data that the guest has written")
    @Unit("bytes")
    long getBytesWritten();

    @Description("Requests answered with an error since the definition")
    long getErrorsTotal();

    @Description("Requests that the guest waits for now")
    long getInFlightRequests();

    @Description("Requests that the host's storage has carried out")
    long getLatencyCount();

    @Description("Sum of the times that the host's storage took for requests")
    @Unit("nanoseconds")
    long getLatencyNanosTotal();

    @Description("The longest time that the host's storage took for a request")
    @Unit("nanoseconds")
    long getLatencyNanosMax();

    @Description("Times that the host's storage took: count, total and maximum in nanoseconds, and a histogram")
    LatencyStatistics getLatency();

    @Description("The same by operation: READ, WRITE, FLUSH and so on; all that a disk knows")
    Map<String, LatencyStatistics> getLatencyByOperation();

    @Description("Time for which requests waited for a rate limit")
    @Unit("nanoseconds")
    long getThrottledNanos();

    @Description("Headline values that belong together")
    DiskUsage getUsage();

    @Description("The rate limits; 0 stands for none")
    RateLimits getLimits();

    /**
     * Sets the rate limits at once and in the definition.
     *
     * @throws IllegalArgumentException where a value is negative, or a burst comes without its rate
     */
    @Description("Sets the rate limits, at once and in the definition; 0 stands for no limit")
    @OperationImpact(Impact.ACTION)
    void limit(
            @ParameterName("bytesPerSecond") @Description("Data in the long run") @Unit("bytes per second")
                    long bytesPerSecond,
            @ParameterName("burstBytes")
                    @Description("Data at once after a rest; 0: as much as a second has")
                    @Unit("bytes")
                    long burstBytes,
            @ParameterName("operationsPerSecond") @Description("Requests a second in the long run")
                    long operationsPerSecond,
            @ParameterName("burstOperations") @Description("Requests at once after a rest; 0: as many as a second has")
                    long burstOperations);

    /**
     * Grows or shrinks the image and tells the guest, whose file systems are its own business.
     *
     * @throws IllegalArgumentException where the size is no multiple of the sector size, or the image cannot have it
     * @throws IllegalStateException where the VM is off: its image is then nobody's
     */
    @Description("Changes the size of a running VM's disk and tells the guest; shrinking loses what lies beyond")
    @OperationImpact(Impact.ACTION)
    void resize(@ParameterName("bytes") @Description("The new size, a multiple of 512") @Unit("bytes") long bytes);

    /**
     * Keeps what a running VM's disk holds now: a new qcow2 image comes over the present one, which is written no more.
     *
     * @return the job that does it
     * @throws IllegalStateException where the VM is off
     */
    @Description(
            "Keeps what a running VM's disk holds now: a new qcow2 image comes over the present one, which is written "
                    + "no more. A job does it; the guest goes on")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName snapshot(
            @ParameterName("pool") @Description("The pool of the new image") String pool,
            @ParameterName("name") @Description("File to make in that pool") String name);

    /**
     * Copies a running VM's disk to a new image and keeps the copy equal. When the job is {@link JobState#READY},
     * {@link JobMXBean#complete} has the disk go on with the copy.
     */
    @Description(
            "Copies a running VM's disk to a new image and keeps the copy equal: when the job is READY, its complete() "
                    + "has the disk go on with the copy")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName mirror(
            @ParameterName("pool") @Description("The pool of the new image") String pool,
            @ParameterName("name") @Description("File to make in that pool") String name,
            @ParameterName("format") @Description("Its format: raw, qcow2 or luks") String format,
            @ParameterName("options") @Description("More about it as JSON, as for create; may be empty")
                    String options);

    /** Copies a running VM's disk as it is now to a new image; what the guest writes meanwhile is not in it. */
    @Description(
            "Copies a running VM's disk as it is now to a new image: a job does it, and what the guest writes meanwhile "
                    + "is not in it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName backup(
            @ParameterName("pool") @Description("The pool of the new image") String pool,
            @ParameterName("name") @Description("File to make in that pool") String name,
            @ParameterName("format") @Description("Its format: raw, qcow2 or luks") String format,
            @ParameterName("options") @Description("More about it as JSON, as for create; may be empty")
                    String options);

    /** Copies up what the images below a running VM's disk show, after which its image stands alone. */
    @Description(
            "Copies up what the images below a running VM's disk show, after which its image stands alone: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName stream();

    /** Moves what the image of a running VM's disk has itself down into its backing file, with which the disk goes on. */
    @Description(
            "Moves what the image of a running VM's disk has itself down into its backing file, with which the disk goes "
                    + "on: a job does it")
    @OperationImpact(Impact.ACTION_INFO)
    ObjectName commit();
}
