package org.kvmbeans.machine.definition;

/**
 * What a host can give to one virtual machine.
 *
 * @param maxVcpus vCPUs, 1 to {@link VmDefinition#MAX_VCPUS}
 * @param maxMemoryBytes bytes of memory, at most {@link VmDefinition#MAX_MEMORY_BYTES}
 */
public record DefinitionLimits(int maxVcpus, long maxMemoryBytes) {
    /** What no host exceeds: for definitions that a host with other limits may have accepted. */
    public static final DefinitionLimits ANY_HOST =
            new DefinitionLimits(VmDefinition.MAX_VCPUS, VmDefinition.MAX_MEMORY_BYTES);

    /** Checks that the limits lie within those of every host. */
    public DefinitionLimits {
        if (maxVcpus < 1 || maxVcpus > VmDefinition.MAX_VCPUS) {
            throw new IllegalArgumentException(
                    "maxVcpus " + maxVcpus + " is not between 1 and " + VmDefinition.MAX_VCPUS);
        }
        if (maxMemoryBytes < VmDefinition.MIN_MEMORY_BYTES || maxMemoryBytes > VmDefinition.MAX_MEMORY_BYTES) {
            throw new IllegalArgumentException("maxMemoryBytes " + maxMemoryBytes + " is not between 1 MiB and 4 TiB");
        }
    }
}
