package org.kvmbeans.kvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.kvmbeans.sys.Posix;

/**
 * What KVM on this host can do.
 *
 * @param flavor the kind of KVM
 * @param apiVersion KVM_GET_API_VERSION, -1 without KVM
 * @param maxVcpus the most vCPUs of one VM, 0 without KVM
 * @param unavailableReason why KVM cannot be used and what would help; empty when it can
 */
public record KvmProbe(Flavor flavor, int apiVersion, int maxVcpus, String unavailableReason) {
    /** The kinds of KVM. */
    public enum Flavor {
        /** Intel VT-x. */
        VMX,
        /** AMD-V. */
        SVM,
        /** Software KVM: bare-metal test guests only. */
        PVM,
        /** None that can be used. */
        NONE
    }

    private static final Path PVM_MODULE = Path.of("/sys/module/kvm_pvm");
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** Asks {@code /dev/kvm} and the CPU. */
    public static KvmProbe probe(Posix posix) {
        try (KvmSystem system = KvmSystem.open(posix)) {
            return new KvmProbe(detectFlavor(), system.apiVersion(), system.maxVcpus(), "");
        } catch (KvmUnavailableException e) {
            return new KvmProbe(Flavor.NONE, -1, 0, String.valueOf(e.getMessage()));
        }
    }

    private static Flavor detectFlavor() {
        if (Files.exists(PVM_MODULE)) {
            return Flavor.PVM;
        }
        List<String> flags = cpuFlags();
        if (flags.contains("vmx")) {
            return Flavor.VMX;
        }
        return flags.contains("svm") ? Flavor.SVM : Flavor.PVM;
    }

    private static List<String> cpuFlags() {
        try (Stream<String> lines = Files.lines(CPUINFO)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .map(line -> Arrays.asList(line.split("\\s+")))
                    .orElse(List.of());
        } catch (IOException e) {
            return List.of();
        }
    }
}
