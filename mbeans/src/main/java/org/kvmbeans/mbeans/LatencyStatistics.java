package org.kvmbeans.mbeans;

/**
 * How long requests took: at a disk, the host's storage; at a queue, from being taken to being given back.
 *
 * @param count requests that were measured
 * @param totalNanos nanoseconds they took, in sum
 * @param maxNanos nanoseconds of the longest one
 * @param bucketUpperBoundNanos the first duration, in nanoseconds, beyond each bucket of the histogram, lowest bucket
 *     first; {@link Long#MAX_VALUE} for the last one
 * @param bucketCounts requests in each bucket; a request is in one bucket only
 */
@SuppressWarnings("ArrayRecordComponent") // open types have arrays, and nobody compares two of these
public record LatencyStatistics(
        long count, long totalNanos, long maxNanos, long[] bucketUpperBoundNanos, long[] bucketCounts) {}
