package org.kvmbeans.mbeans;

/**
 * What the guest's balloon driver last said about the guest's memory; a value that it did not give is -1.
 *
 * @param timeMillis milliseconds since 1970 at which it said so; 0 where it has not since the start
 * @param freeBytes bytes that are not used for anything
 * @param availableBytes bytes that new work could use without swapping
 * @param totalBytes bytes that the guest's kernel manages
 * @param diskCacheBytes bytes that cache files and can be taken back
 * @param swappedInBytes bytes read back from swap since the guest booted
 * @param swappedOutBytes bytes written to swap since the guest booted
 * @param majorFaultsTotal page faults that needed a read from a disk
 * @param minorFaultsTotal page faults that did not
 * @param hugePageAllocationsTotal huge pages that were allocated
 * @param hugePageFailuresTotal huge pages that could not be allocated
 * @param oomKillsTotal processes that the guest's kernel killed for want of memory
 */
public record GuestMemoryStatistics(
        long timeMillis,
        long freeBytes,
        long availableBytes,
        long totalBytes,
        long diskCacheBytes,
        long swappedInBytes,
        long swappedOutBytes,
        long majorFaultsTotal,
        long minorFaultsTotal,
        long hugePageAllocationsTotal,
        long hugePageFailuresTotal,
        long oomKillsTotal) {}
