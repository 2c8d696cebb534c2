package org.kvmbeans.mbeans;

import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * The memory balloon of a VM: {@code org.kvmbeans:type=Balloon,vm=NAME}. What it holds is lost to the guest and free for
 * the host. The guest's statistics are what its driver last said, -1 where it has not.
 */
@Description("The memory balloon of a VM: what it holds is lost to the guest and free for the host")
public interface BalloonMXBean extends VirtioDeviceAttributes {
    @Description("Memory that the balloon is asked to hold; 0: all memory is the guest's")
    @Unit("bytes")
    long getTargetBytes();

    @Description("Memory that the balloon holds")
    @Unit("bytes")
    long getActualBytes();

    @Description("Memory that the guest reported as free since the start, and the host took back")
    @Unit("bytes")
    long getReportedFreeBytes();

    @Description("Guest memory that is not used for anything, as the guest says")
    @Unit("bytes")
    long getGuestFreeBytes();

    @Description("Guest memory that new work could use without swapping, as the guest says")
    @Unit("bytes")
    long getGuestAvailableBytes();

    @Description("Memory that the guest's kernel manages, as it says")
    @Unit("bytes")
    long getGuestTotalBytes();

    @Description("Guest memory that caches files and can be taken back, as the guest says")
    @Unit("bytes")
    long getGuestDiskCacheBytes();

    @Description("Memory that the guest has read back from swap")
    @Unit("bytes")
    long getGuestSwappedInBytes();

    @Description("Memory that the guest has written to swap")
    @Unit("bytes")
    long getGuestSwappedOutBytes();

    @Description("Page faults of the guest that needed a read from a disk")
    long getGuestMajorFaultsTotal();

    @Description("Page faults of the guest that needed no read from a disk")
    long getGuestMinorFaultsTotal();

    @Description("Huge pages that the guest has allocated")
    long getGuestHugePageAllocationsTotal();

    @Description("Huge pages that the guest could not allocate")
    long getGuestHugePageFailuresTotal();

    @Description("Processes that the guest's kernel killed for want of memory")
    long getGuestOomKillsTotal();

    @Description("The guest's statistics as it gave them together, with the time")
    GuestMemoryStatistics getGuestStatistics();

    /**
     * Asks the guest to give memory up to the balloon, or to take it back. The guest does so at its own pace;
     * {@link #getActualBytes} tells how far it is.
     *
     * @throws IllegalArgumentException where it is negative or more than the VM's memory
     */
    @Description("Asks the guest to fill the balloon up to a size, or to empty it down to one; ActualBytes follows")
    @OperationImpact(Impact.ACTION)
    void changeTarget(
            @ParameterName("bytes")
                    @Description("Memory that the balloon shall hold, a multiple of 4096; 0: all memory is the guest's")
                    @Unit("bytes")
                    long bytes);
}
