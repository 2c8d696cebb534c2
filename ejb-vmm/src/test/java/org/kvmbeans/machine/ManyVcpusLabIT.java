package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.sys.jna.JnaPosix;

/** An unmodified Debian in a machine of 288 vCPUs runs on, and takes interrupts at, those beyond 8-bit APIC ids. */
class ManyVcpusLabIT {
    private static final String CPUS = "/sys/devices/system/cpu/";

    /** Of the second socket, whose APIC ids begin at 256: 72 cores take seven bits, their threads one. */
    private static final int PRESENT_AT_BOOT = 150;

    private static final int PLUGGED_IN = 286;

    @TempDir
    Path folder;

    @Test
    void vcpuWithALargeApicIdTakesTheInterruptsOfADevice() {
        try (MachineServices services = new MachineServices(new JnaPosix());
                DiskGuest guest = DiskGuest.of(
                        folder,
                        services,
                        "'vcpus':286,'maxVcpus':288,'topology':{'sockets':2,'cores':72,'threads':2}",
                        "",
                        List.of(),
                        "maxcpus=1")) {
            guest.boot();
            assertThat(guest.command("cat " + CPUS + "present")).isEqualTo("0-285");

            guest.command("echo 1 > " + CPUS + "cpu" + PRESENT_AT_BOOT + "/online");
            guest.vm().changeVcpuCount(288);
            guest.await("[ -e " + CPUS + "cpu287 ]");
            guest.command("echo 1 > " + CPUS + "cpu" + PLUGGED_IN + "/online");

            assertThat(guest.command("cat " + CPUS + "online")).isEqualTo("0," + PRESENT_AT_BOOT + "," + PLUGGED_IN);
            assertTakesInterrupts(guest, PRESENT_AT_BOOT);
            assertTakesInterrupts(guest, PLUGGED_IN);
            assertThat(guest.command("dmesg --level=err,crit,alert,emerg")).isEmpty();
            guest.shutDown();
        }
    }

    /** The entropy device's queue: disks' interrupts are the kernel's own to place. */
    private static void assertTakesInterrupts(DiskGuest guest, int cpu) {
        assertThat(apicId(guest, cpu)).isGreaterThan(255);
        guest.command("irq=$(sed -n 's/^ *\\([0-9]*\\):.*virtio[0-9]*-input.*/\\1/p' /proc/interrupts | head -1)"
                + " && echo " + cpu + " > /proc/irq/$irq/smp_affinity_list");
        long before = interrupts(guest, cpu);

        // The first answer may still be one that was asked for before the interrupt moved.
        guest.command("for i in 1 2 3 4; do head -c 4096 /dev/hwrng > /dev/null; done");

        assertThat(interrupts(guest, cpu)).isGreaterThan(before);
    }

    private static int apicId(DiskGuest guest, int cpu) {
        return Integer.parseInt(guest.command(
                "awk '/^processor/ { cpu = $3 } /^apicid/ && cpu == " + cpu + " { print $3 }' /proc/cpuinfo"));
    }

    private static long interrupts(DiskGuest guest, int cpu) {
        return Long.parseLong(guest.command("awk -v irq=$irq: -v cpu=CPU" + cpu
                + " 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == cpu) column = i + 1 } $1 == irq { print $column }'"
                + " /proc/interrupts"));
    }
}
