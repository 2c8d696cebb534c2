package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.machine.definition.DefinitionLimits;

/** What is read from {@code /proc}, here from files of the test. */
class HostReadingsTest {
    private static final KvmProbe KVM = new KvmProbe(KvmProbe.Flavor.VMX, 12, 1024, "");

    @TempDir
    Path proc;

    @Test
    void readsMemoryAndTheLoadSinceBoot() throws IOException {
        Files.writeString(proc.resolve("stat"), "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3 4\n");
        Files.writeString(proc.resolve("meminfo"), "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   600 kB\n");

        HostUsage usage = new HostUsage(proc);

        assertThat(usage.memoryTotalBytes()).isEqualTo(1000 * 1024);
        assertThat(usage.memoryAvailableBytes()).isEqualTo(600 * 1024);
        assertThat(usage.cpuLoad()).isCloseTo(0.2, within(1e-9));
    }

    @Test
    void isSilentAboutWhatTheHostDoesNotTell() {
        HostUsage usage = new HostUsage(proc);

        assertThat(usage.cpuLoad()).isNegative();
        assertThat(usage.memoryTotalBytes()).isZero();
    }

    @Test
    void limitsMemoryToThePhysicalAddressesOfTheCpu() throws IOException {
        Files.writeString(proc.resolve("cpuinfo"), "address sizes\t: 39 bits physical, 48 bits virtual\n");

        assertThat(HostLimits.of(KVM, proc)).isEqualTo(new DefinitionLimits(288, (512L << 30) - (1L << 30)));
    }

    @Test
    void limitsMemoryToTheAddressSpaceOfTheProcess() throws IOException {
        Files.createDirectory(proc.resolve("self"));
        Files.writeString(
                proc.resolve("self/limits"),
                "Limit  Soft Limit  Hard Limit  Units\nMax address space  8589934592  unlimited  bytes\n");

        assertThat(HostLimits.of(KVM, proc).maxMemoryBytes()).isEqualTo(8L << 30);
    }

    @Test
    void offersWhatAnyHostMayHaveWhereNothingLimitsIt() {
        KvmProbe none = new KvmProbe(KvmProbe.Flavor.NONE, -1, 0, "no KVM");

        assertThat(HostLimits.of(none, proc)).isEqualTo(DefinitionLimits.ANY_HOST);
        assertThat(HostLimits.of(new KvmProbe(KvmProbe.Flavor.SVM, 12, 16, ""), proc)
                        .maxVcpus())
                .isEqualTo(16);
    }
}
