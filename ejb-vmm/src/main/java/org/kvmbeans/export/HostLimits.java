package org.kvmbeans.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinition;

/** What this host can give to one VM at most, whatever else runs on it. */
final class HostLimits {
    /** "address sizes : 46 bits physical, 48 bits virtual" of {@code /proc/cpuinfo}. */
    private static final Pattern PHYSICAL_BITS = Pattern.compile("address sizes\\s*:\\s*([0-9]+) bits physical.*");
    /** "Max address space  SOFT  HARD  bytes" of {@code /proc/self/limits}; "unlimited" does not match. */
    private static final Pattern ADDRESS_SPACE = Pattern.compile("Max address space\\s+([0-9]{1,18})\\s.*");
    /** Guest RAM leaves out the last GiB below 4 GiB, so its end lies that much higher than its size. */
    private static final long HOLE_BYTES = 1L << 30;

    private static final int MAX_BITS = 52;

    private HostLimits() {}

    /** Limits of the host that {@code proc} describes. */
    static DefinitionLimits of(KvmProbe probe, Path proc) {
        // Without KVM a VM can be defined all the same: its start says what is missing.
        int maxVcpus =
                probe.maxVcpus() < 1 ? VmDefinition.MAX_VCPUS : Math.min(probe.maxVcpus(), VmDefinition.MAX_VCPUS);
        long maxMemory = VmDefinition.MAX_MEMORY_BYTES;
        long bits = firstNumber(proc.resolve("cpuinfo"), PHYSICAL_BITS);
        if (bits > 30 && bits <= MAX_BITS) {
            maxMemory = Math.min(maxMemory, (1L << bits) - HOLE_BYTES);
        }
        long addressSpace = firstNumber(proc.resolve("self/limits"), ADDRESS_SPACE);
        if (addressSpace > 0) {
            maxMemory = Math.min(maxMemory, addressSpace);
        }
        return new DefinitionLimits(maxVcpus, Math.max(maxMemory, VmDefinition.MIN_MEMORY_BYTES));
    }

    private static long firstNumber(Path file, Pattern pattern) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            return 0; // no such file, no limit known
        }
        for (String line : lines) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.matches()) {
                return Long.parseLong(matcher.group(1));
            }
        }
        return 0;
    }
}
