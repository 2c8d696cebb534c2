package org.kvmbeans.machine.definition;

import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a virtual machine is made of. Immutable; read by {@link VmDefinitionReader}, written by
 * {@link VmDefinitionWriter}.
 *
 * @param name its name, unique on the host
 * @param uuid its UUID
 * @param processors its vCPUs, at most {@value #MAX_VCPUS}
 * @param memoryBytes bytes of RAM, {@link #MIN_MEMORY_BYTES} to {@link #MAX_MEMORY_BYTES}, in whole pages
 * @param kernel absolute path of the kernel
 * @param initrd absolute path of the initial RAM disk, or null for none
 * @param cmdline kernel command line in printable ASCII, at most {@value #MAX_CMDLINE_LENGTH} characters
 * @param autostart whether it starts with the server
 * @param debugExit whether it has the isa-debug-exit test device
 * @param devices its disks, NICs and other devices on PCI
 */
public record VmDefinition(
        String name,
        UUID uuid,
        ProcessorDefinition processors,
        long memoryBytes,
        Path kernel,
        @Nullable Path initrd,
        String cmdline,
        boolean autostart,
        boolean debugExit,
        DeviceDefinitions devices) {
    /** The most vCPUs that a guest may have on any host. */
    public static final int MAX_VCPUS = 288;
    /** The least memory of a guest: 1 MiB. */
    public static final long MIN_MEMORY_BYTES = 1L << 20;
    /** The most memory of a guest on any host: 4 TiB. */
    public static final long MAX_MEMORY_BYTES = 4L << 40;
    /** Memory comes in whole pages of the guest. */
    public static final long PAGE_BYTES = 4096;
    /** Linux on x86-64 keeps 2048 bytes for the command line and the NUL after it (COMMAND_LINE_SIZE). */
    public static final int MAX_CMDLINE_LENGTH = 2047;
    /** The most devices on PCI: slots 1 to 31 of the one bus. */
    public static final int MAX_DEVICES = 31;

    /** vCPUs that it starts with. */
    public int vcpus() {
        return processors.vcpus();
    }

    /** The same machine with other devices. */
    public VmDefinition withDevices(DeviceDefinitions newDevices) {
        return new VmDefinition(
                name, uuid, processors, memoryBytes, kernel, initrd, cmdline, autostart, debugExit, newDevices);
    }

    /** The same machine, started with another number of vCPUs. */
    public VmDefinition withVcpus(int count) {
        return new VmDefinition(
                name,
                uuid,
                processors.withVcpus(count),
                memoryBytes,
                kernel,
                initrd,
                cmdline,
                autostart,
                debugExit,
                devices);
    }
}
