package org.kvmbeans.virtio.balloon;

import java.util.Optional;

/** What a guest tells about its memory (virtio 1.2, 5.5.6.4; from {@link #OOM_KILLS} on as Linux numbers them). */
public enum BalloonStatistic {
    /** Bytes swapped in. */
    SWAP_IN_BYTES(0),
    /** Bytes swapped out. */
    SWAP_OUT_BYTES(1),
    /** Page faults that needed I/O. */
    MAJOR_FAULTS(2),
    /** Page faults that did not. */
    MINOR_FAULTS(3),
    /** Bytes used for nothing at all. */
    FREE_BYTES(4),
    /** Bytes that the guest has. */
    TOTAL_BYTES(5),
    /** Bytes, by estimate, that new programs can have without swapping. */
    AVAILABLE_BYTES(6),
    /** Bytes of disk caches, which can be had quickly. */
    DISK_CACHE_BYTES(7),
    /** Huge pages allocated. */
    HUGETLB_ALLOCATIONS(8),
    /** Huge pages that could not be allocated. */
    HUGETLB_FAILURES(9),
    /** Processes killed for want of memory. */
    OOM_KILLS(10),
    /** Allocations that had to wait. */
    ALLOCATION_STALLS(11),
    /** Bytes scanned in the background for something to reclaim. */
    BACKGROUND_SCAN_BYTES(12),
    /** Bytes scanned while an allocation waited. */
    DIRECT_SCAN_BYTES(13),
    /** Bytes reclaimed in the background. */
    BACKGROUND_RECLAIM_BYTES(14),
    /** Bytes reclaimed while an allocation waited. */
    DIRECT_RECLAIM_BYTES(15);

    private static final BalloonStatistic[] BY_TAG = values();

    private final int tag;

    BalloonStatistic(int tag) {
        this.tag = tag;
    }

    /** Its number in the statistics queue. */
    public int tag() {
        return tag;
    }

    /** The statistic of a number; empty for one that is not known. */
    static Optional<BalloonStatistic> ofTag(int tag) {
        return tag < BY_TAG.length ? Optional.of(BY_TAG[tag]) : Optional.empty();
    }
}
