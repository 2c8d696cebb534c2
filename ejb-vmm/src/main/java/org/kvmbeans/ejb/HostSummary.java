package org.kvmbeans.ejb;

import org.kvmbeans.mbeans.KvmFlavor;

/**
 * The host at a glance; see {@link org.kvmbeans.mbeans.HostMXBean} for each value.
 *
 * @param kvmUnavailableReason why KVM cannot be used; empty when it can
 * @param cpuLoad part of the host's CPU time in use, 0.0 to 1.0; negative when not known
 */
public record HostSummary(
        KvmFlavor kvmFlavor,
        String kvmUnavailableReason,
        int kvmApiVersion,
        int maxVcpusPerVm,
        String version,
        String hostName,
        String kernelRelease,
        String home,
        int cpuCount,
        double cpuLoad,
        long memoryTotalBytes,
        long memoryAvailableBytes,
        int virtualMachineCount,
        int runningVirtualMachineCount) {}
