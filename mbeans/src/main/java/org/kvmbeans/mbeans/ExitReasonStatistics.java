package org.kvmbeans.mbeans;

/**
 * Exits of one reason from the guest to the VMM.
 *
 * @param count exits since the VM started
 * @param totalNanos nanoseconds spent outside the guest for them, in sum
 * @param maxNanos nanoseconds of the longest one
 */
public record ExitReasonStatistics(long count, long totalNanos, long maxNanos) {}
