package org.kvmbeans.machine.definition;

import org.kvmbeans.arch.x86.CpuTopology;

/**
 * The vCPUs of a machine.
 *
 * @param vcpus how many it starts with, 1 to {@code maxVcpus}
 * @param maxVcpus how many it can have once more are plugged in: those of the topology
 * @param topology how all of them lie in sockets
 */
public record ProcessorDefinition(int vcpus, int maxVcpus, CpuTopology topology) {
    public ProcessorDefinition {
        if (vcpus < 1 || vcpus > maxVcpus) {
            throw new IllegalArgumentException("vcpus is " + vcpus + ": give 1 to maxVcpus, " + maxVcpus);
        }
        if (topology.vcpuCount() != maxVcpus) {
            throw new IllegalArgumentException(
                    "a topology of " + topology.vcpuCount() + " vCPUs for a machine of " + maxVcpus);
        }
    }

    /** The cores of one socket, none to be plugged in. */
    public static ProcessorDefinition of(int vcpus) {
        return new ProcessorDefinition(vcpus, vcpus, CpuTopology.ofCores(vcpus));
    }

    /** The same machine, started with another number of vCPUs. */
    public ProcessorDefinition withVcpus(int count) {
        return new ProcessorDefinition(count, maxVcpus, topology);
    }
}
