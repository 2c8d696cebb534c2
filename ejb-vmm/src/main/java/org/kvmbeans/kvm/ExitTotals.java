package org.kvmbeans.kvm;

/**
 * Exits of one reason.
 *
 * @param count how many
 * @param totalNanos nanoseconds from the return of KVM_RUN to the end of handling, in sum
 * @param maxNanos the longest of them
 */
public record ExitTotals(long count, long totalNanos, long maxNanos) {}
