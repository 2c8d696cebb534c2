package org.kvmbeans.arch.x86;

/**
 * What varies from one machine to another and its tables must tell.
 *
 * @param vcpuCount number of vCPUs, at least 1; vCPU {@code i} has APIC id {@code i}
 * @param keyboardController whether the guest is told of the i8042; without, it spends no time on looking for one
 */
public record PcConfiguration(int vcpuCount, boolean keyboardController) {
    public PcConfiguration {
        if (vcpuCount < 1) {
            throw new IllegalArgumentException("vcpuCount is " + vcpuCount + ": it must be at least 1");
        }
    }
}
