package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.kvm.KvmProbe;
import org.kvmbeans.sys.jna.JnaPosix;

/** An unmodified Debian kernel boots, hears its console and its power button, and reboots. Needs hardware KVM. */
class LinuxBootLabIT {
    private static final long BOOT_SECONDS = 120;
    private static final long ANSWER_SECONDS = 60;
    private static final JnaPosix POSIX = new JnaPosix();
    private static final MachineServices SERVICES = new MachineServices(POSIX);

    private @Nullable VirtualMachine vm;

    @BeforeAll
    static void needsHardwareKvm() {
        assertThat(KvmProbe.probe(POSIX).flavor())
                .as("stock Linux needs hardware KVM: run in the lab")
                .isIn(KvmProbe.Flavor.SVM, KvmProbe.Flavor.VMX);
    }

    @AfterAll
    static void close() {
        SERVICES.close();
    }

    @AfterEach
    void stop() {
        if (vm != null) {
            vm.hostShutdown();
        }
    }

    @ParameterizedTest(name = "{0} with {1} vCPUs")
    @CsvSource({"vmlinuz,1", "vmlinuz,4", "vmlinux,1", "vmlinux,4"})
    void stockKernelBootsToAShellThatAnswersAndHearsThePowerButton(String kernel, int vcpus) {
        VirtualMachine guest = boot(kernel, vcpus);
        GuestConsole console = new GuestConsole(guest);
        guest.start();
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        console.await("# ", ANSWER_SECONDS);

        console.type("echo cpus=$(nproc) clock=$(cat /sys/devices/system/clocksource/*/current_clocksource)=");
        console.await("cpus=" + vcpus + " clock=kvm-clock=", ANSWER_SECONDS);
        console.type("echo complaints=$(dmesg | grep -ciE 'ACPI.*(error|exception)|APIC id.*mismatch|firmware bug')=");
        console.await("complaints=0=", ANSWER_SECONDS);
        console.type(
                "echo bridges=$(dmesg | grep -c 'PCI Root Bridge .PCI0.') slots=$(ls /sys/bus/pci/slots | wc -l)=");
        console.await("bridges=1 slots=31=", ANSWER_SECONDS);
        console.type("echo windows=$(grep -ci 'c0000000-dfffffff : PCI Bus 0000:00' /proc/iomem)=");
        console.await("windows=1=", ANSWER_SECONDS);

        guest.shutdown();
        Waiting.until("power-off by the ACPI button", ANSWER_SECONDS, () -> guest.state() == VmState.STOPPED);
        assertThat(guest.stopReason()).isEqualTo(StopReason.GUEST_POWER_OFF);
        assertThat(guest.vcpus()).allSatisfy(vcpu -> {
            assertThat(vcpu.exitsTotal()).isPositive();
            assertThat(vcpu.cpuTimeNanos()).isPositive();
        });
    }

    @Test
    void rebootOfTheGuestIsAResetOfTheMachine() {
        VirtualMachine guest = boot("vmlinuz", 1);
        GuestConsole console = new GuestConsole(guest);
        guest.start();
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        console.await("# ", ANSWER_SECONDS);

        console.type("reboot -f");
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        assertThat(guest.resetsTotal()).isEqualTo(1);
        assertThat(guest.state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void guestGoesOnAfterAPauseWithoutNoticing() {
        VirtualMachine guest = boot("vmlinuz", 2);
        GuestConsole console = new GuestConsole(guest);
        guest.start();
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        console.await("# ", ANSWER_SECONDS);

        guest.pause();
        assertThat(guest.state()).isEqualTo(VmState.PAUSED);
        guest.resume();
        console.type("echo still $((40 + 2)) here");
        console.await("still 42 here", ANSWER_SECONDS);
    }

    private VirtualMachine boot(String kernel, int vcpus) {
        VirtualMachine guest =
                new VirtualMachine(StockGuest.definition(kernel, vcpus, "console=ttyS0 quiet"), SERVICES);
        vm = guest;
        return guest;
    }
}
