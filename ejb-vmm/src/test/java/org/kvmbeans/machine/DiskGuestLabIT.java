package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.machine.device.DeviceState;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.sys.jna.JnaPosix;

/** An unmodified Debian boots from its disk to multi-user, uses every device, and shuts down. Needs hardware KVM. */
class DiskGuestLabIT {
    private static final MachineServices SERVICES = new MachineServices(new JnaPosix());

    @TempDir
    Path folder;

    @AfterAll
    static void close() {
        SERVICES.close();
    }

    @ParameterizedTest(name = "{0} vCPUs")
    @ValueSource(ints = {1, 4})
    void bootsToMultiUserAndShutsDownCleanly(int vcpus) {
        try (DiskGuest guest = DiskGuest.of(
                folder, SERVICES, "'vcpus':" + vcpus + ",'consoles':['org.kvmbeans.test']", "", List.of())) {
            guest.boot();

            assertThat(guest.command("nproc")).isEqualTo(String.valueOf(vcpus));
            assertThat(guest.command("findmnt -no SOURCE /")).isEqualTo("/dev/vda");
            assertThat(guest.command("systemctl --failed --no-legend --plain")).isEmpty();
            assertThat(guest.command("dmesg --level=err,crit,alert,emerg")).isEmpty();
            assertThat(guest.vm().devices())
                    .extracting(VmDevice::name)
                    .containsExactly("vda", "console", "rng", "balloon");
            assertThat(guest.vm().devices()).extracting(VmDevice::state).containsOnly(DeviceState.ACTIVE);

            guest.shutDown();
        }
    }
}
