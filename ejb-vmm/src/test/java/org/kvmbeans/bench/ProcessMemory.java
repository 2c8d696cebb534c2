package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process takes of the host's memory. */
final class ProcessMemory {
    private ProcessMemory() {}

    /** Proportional set size in KiB after a garbage collection: {@code /proc/self/smaps_rollup}, proc(5). */
    static long pssKib() throws IOException {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps_rollup"))) {
            if (line.startsWith("Pss:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("/proc/self/smaps_rollup has no line Pss:");
    }
}
