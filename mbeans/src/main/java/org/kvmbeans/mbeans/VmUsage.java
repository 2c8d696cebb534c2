package org.kvmbeans.mbeans;

/**
 * Headline values of a virtual machine, read together so that they agree.
 *
 * @param state the state at the time of reading
 * @param uptimeMillis milliseconds since the start; 0 when stopped
 * @param cpuTimeNanos host CPU nanoseconds used by all vCPU threads since the start
 * @param exitsTotal exits of all vCPUs since the start
 * @param memoryBytes bytes of RAM the guest sees
 * @param memoryResidentBytes bytes of it that the host has backed with pages
 */
public record VmUsage(
        VmState state,
        long uptimeMillis,
        long cpuTimeNanos,
        long exitsTotal,
        long memoryBytes,
        long memoryResidentBytes) {}
