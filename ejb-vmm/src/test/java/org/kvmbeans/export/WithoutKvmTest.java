package org.kvmbeans.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.mbeans.KvmFlavor;
import org.kvmbeans.mbeans.VirtualMachineMXBean;
import org.kvmbeans.mbeans.VmState;
import org.kvmbeans.sys.Errno;

/** A host whose {@code /dev/kvm} cannot be opened: everything is there but the start of a VM. */
class WithoutKvmTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {Errno.ENOENT, Errno.EACCES})
    void vmsAreDefinedButDoNotStart(int errno) throws Exception {
        try (HostFixture host =
                new HostFixture(folder.resolve("home"), RefusingPosix.refusingToOpen("/dev/kvm", errno))) {
            assertThat(host.bean().getKvmFlavor()).isEqualTo(KvmFlavor.NONE);
            assertThat(host.bean().getKvmApiVersion()).isEqualTo(-1);
            assertThat(host.bean().getMaxVcpusPerVm()).isZero();
            assertThat(host.bean().getKvmUnavailableReason()).contains("/dev/kvm");

            Path kernel = BareMetalGuest.thatDoes().halt().writeTo(folder.resolve("kernel"));
            VirtualMachineMXBean vm = host.define("a", kernel, "");
            assertThatIllegalStateException().isThrownBy(vm::start).withMessageContaining("/dev/kvm");

            assertThat(vm.getState()).isEqualTo(VmState.STOPPED);
            assertThat(vm.getLastError()).isEqualTo(host.bean().getKvmUnavailableReason());
        }
    }
}
