package org.kvmbeans.export;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.device.VmBalloon;
import org.kvmbeans.mbeans.BalloonMXBean;
import org.kvmbeans.mbeans.GuestMemoryStatistics;
import org.kvmbeans.virtio.balloon.BalloonStatistic;
import org.kvmbeans.virtio.balloon.BalloonStatistics;

/** A VM's memory balloon for its operators. */
final class BalloonBean extends VirtioDeviceBean implements BalloonMXBean {
    private static final long NOT_TOLD = -1;

    private final VmBalloon balloon;

    BalloonBean(String vm, VmBalloon balloon) {
        super(vm, balloon);
        this.balloon = balloon;
    }

    @Override
    public long getTargetBytes() {
        return balloon.targetBytes();
    }

    @Override
    public long getActualBytes() {
        return balloon.actualBytes();
    }

    @Override
    public long getReportedFreeBytes() {
        return balloon.balloonCounters().reportedBytesTotal();
    }

    @Override
    public long getGuestFreeBytes() {
        return value(balloon.statistics(), BalloonStatistic.FREE_BYTES);
    }

    @Override
    public long getGuestAvailableBytes() {
        return value(balloon.statistics(), BalloonStatistic.AVAILABLE_BYTES);
    }

    @Override
    public long getGuestTotalBytes() {
        return value(balloon.statistics(), BalloonStatistic.TOTAL_BYTES);
    }

    @Override
    public long getGuestDiskCacheBytes() {
        return value(balloon.statistics(), BalloonStatistic.DISK_CACHE_BYTES);
    }

    @Override
    public long getGuestSwappedInBytes() {
        return value(balloon.statistics(), BalloonStatistic.SWAP_IN_BYTES);
    }

    @Override
    public long getGuestSwappedOutBytes() {
        return value(balloon.statistics(), BalloonStatistic.SWAP_OUT_BYTES);
    }

    @Override
    public long getGuestMajorFaultsTotal() {
        return value(balloon.statistics(), BalloonStatistic.MAJOR_FAULTS);
    }

    @Override
    public long getGuestMinorFaultsTotal() {
        return value(balloon.statistics(), BalloonStatistic.MINOR_FAULTS);
    }

    @Override
    public long getGuestHugePageAllocationsTotal() {
        return value(balloon.statistics(), BalloonStatistic.HUGETLB_ALLOCATIONS);
    }

    @Override
    public long getGuestHugePageFailuresTotal() {
        return value(balloon.statistics(), BalloonStatistic.HUGETLB_FAILURES);
    }

    @Override
    public long getGuestOomKillsTotal() {
        return value(balloon.statistics(), BalloonStatistic.OOM_KILLS);
    }

    @Override
    public GuestMemoryStatistics getGuestStatistics() {
        BalloonStatistics told = balloon.statistics();
        return new GuestMemoryStatistics(
                told == null ? 0 : told.takenAtMillis(),
                value(told, BalloonStatistic.FREE_BYTES),
                value(told, BalloonStatistic.AVAILABLE_BYTES),
                value(told, BalloonStatistic.TOTAL_BYTES),
                value(told, BalloonStatistic.DISK_CACHE_BYTES),
                value(told, BalloonStatistic.SWAP_IN_BYTES),
                value(told, BalloonStatistic.SWAP_OUT_BYTES),
                value(told, BalloonStatistic.MAJOR_FAULTS),
                value(told, BalloonStatistic.MINOR_FAULTS),
                value(told, BalloonStatistic.HUGETLB_ALLOCATIONS),
                value(told, BalloonStatistic.HUGETLB_FAILURES),
                value(told, BalloonStatistic.OOM_KILLS));
    }

    @Override
    public void changeTarget(long bytes) {
        balloon.target(bytes);
    }

    private static long value(@Nullable BalloonStatistics told, BalloonStatistic statistic) {
        return told == null ? NOT_TOLD : told.value(statistic).orElse(NOT_TOLD);
    }
}
