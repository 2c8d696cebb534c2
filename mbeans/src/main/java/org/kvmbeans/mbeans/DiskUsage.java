package org.kvmbeans.mbeans;

/**
 * What a disk has done since its VM was defined, read together.
 *
 * @param readsTotal reads that the guest was answered
 * @param writesTotal writes, those of zeroes among them
 * @param flushesTotal flushes
 * @param discardsTotal discards
 * @param bytesRead bytes that the guest has read
 * @param bytesWritten bytes that the guest has written
 * @param errorsTotal requests that were answered with an error
 * @param inFlightCount requests that the guest waits for
 * @param throttledNanos nanoseconds for which requests waited for a rate limit
 */
public record DiskUsage(
        long readsTotal,
        long writesTotal,
        long flushesTotal,
        long discardsTotal,
        long bytesRead,
        long bytesWritten,
        long errorsTotal,
        long inFlightCount,
        long throttledNanos) {}
