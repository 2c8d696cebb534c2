package org.kvmbeans.ejb;

import org.kvmbeans.mbeans.StopReason;
import org.kvmbeans.mbeans.VmState;

/**
 * One virtual machine in a list.
 *
 * @param stopReason why it last stopped; {@code NONE} when it has not
 * @param lastError what went wrong last; empty when nothing did
 * @param uptimeMillis milliseconds since the start; 0 when stopped
 * @param cpuTimeNanos host CPU nanoseconds used by all vCPU threads since the start
 * @param exitsTotal exits of all vCPUs since the start
 * @param memoryResidentBytes bytes of {@code memoryBytes} that the host has backed with pages
 */
public record VmSummary(
        String name,
        String uuid,
        VmState state,
        StopReason stopReason,
        String lastError,
        long uptimeMillis,
        int vcpuCount,
        long memoryBytes,
        long memoryResidentBytes,
        long cpuTimeNanos,
        long exitsTotal,
        boolean autostart) {}
