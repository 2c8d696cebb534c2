package org.kvmbeans.machine;

import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.machine.definition.DeviceDefinitions;
import org.kvmbeans.machine.definition.ProcessorDefinition;
import org.kvmbeans.machine.definition.VmDefinition;

/** Definitions as tests and benchmarks need them. */
public final class TestDefinitions {
    private TestDefinitions() {}

    /** A machine without devices, for a bare-metal guest. */
    public static VmDefinition bare(String name, int vcpus, long memoryBytes, Path kernel, boolean debugExit) {
        return of(name, vcpus, memoryBytes, kernel, null, "", debugExit);
    }

    /** A machine without devices. */
    public static VmDefinition of(
            String name,
            int vcpus,
            long memoryBytes,
            Path kernel,
            @Nullable Path initrd,
            String cmdline,
            boolean debugExit) {
        return new VmDefinition(
                name,
                UUID.randomUUID(),
                ProcessorDefinition.of(vcpus),
                memoryBytes,
                kernel,
                initrd,
                cmdline,
                false,
                debugExit,
                DeviceDefinitions.NONE);
    }
}
