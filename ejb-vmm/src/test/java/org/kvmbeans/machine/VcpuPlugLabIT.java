package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.sys.jna.JnaPosix;

/** An unmodified Debian takes, uses and gives back vCPUs while it runs; one boot serves all rules. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VcpuPlugLabIT {
    private static final MachineServices SERVICES = new MachineServices(new JnaPosix());
    private static final long SECONDS = 60;
    private static final String CPUS = "/sys/devices/system/cpu/";

    @TempDir
    static Path folder;

    private static DiskGuest guest;
    private static final RecordedParts PARTS = new RecordedParts();

    @BeforeAll
    static void boot() {
        guest = DiskGuest.of(
                folder,
                SERVICES,
                "'vcpus':1,'maxVcpus':4,'topology':{'sockets':1,'cores':2,'threads':2}",
                "",
                List.of());
        guest.vm().addListener(PARTS);
        guest.boot();
    }

    @AfterAll
    static void close() {
        guest.close();
        SERVICES.close();
    }

    @Test
    @Order(1)
    void startsWithOneOfFour() {
        assertThat(guest.command("cat " + CPUS + "possible")).isEqualTo("0-3");
        assertThat(guest.command("cat " + CPUS + "present")).isEqualTo("0");
        assertThat(ids()).containsExactly(0);
    }

    @Test
    @Order(2)
    void guestSeesTheTopologyOfTheDefinition() {
        change(4, "0-3");
        bringOnline(1, 3);

        assertThat(topology("physical_package_id")).isEqualTo("0 0 0 0");
        assertThat(topology("core_id")).isEqualTo("0 0 1 1");
        assertThat(topology("thread_siblings_list")).isEqualTo("0-1 0-1 2-3 2-3");
        assertThat(topology("core_siblings_list")).isEqualTo("0-3 0-3 0-3 0-3");
        assertThat(ids()).containsExactly(0, 1, 2, 3);
        assertThat(PARTS.events()).containsExactly("+vcpu1", "+vcpu2", "+vcpu3");
    }

    @Test
    @Order(3)
    void hotPluggedVcpuRunsWhatItIsGiven() {
        assertRuns(3);
    }

    @Test
    @Order(4)
    void guestGivesVcpusBack() {
        change(1, "0");
        Waiting.until("vCPUs given back by the guest", SECONDS, () -> ids().equals(List.of(0)));

        assertThat(guest.command("nproc")).isEqualTo("1");
        assertThat(PARTS.events().subList(3, 6)).containsExactlyInAnyOrder("-vcpu1", "-vcpu2", "-vcpu3");
        Waiting.until(
                "their threads ended",
                SECONDS,
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().matches("vcpu[123]-disk-guest")));
    }

    @Test
    @Order(5)
    void vcpuGivenBackIsPluggedInAgain() {
        change(3, "0-2");
        bringOnline(1, 2);

        assertRuns(2);
        assertThat(ids()).containsExactly(0, 1, 2);
    }

    @Test
    @Order(6)
    void vcpuThatIsWantedAgainWhileItLeavesComesBack() {
        int events = PARTS.events().size();

        guest.vm().changeVcpuCount(2);
        guest.vm().changeVcpuCount(3);

        Waiting.until(
                "vCPU 2 gone and come",
                SECONDS,
                () -> PARTS.events().size() == events + 2 && ids().equals(List.of(0, 1, 2)));
        guest.await("[ $(cat " + CPUS + "present) = 0-2 ]");
        bringOnline(2, 2);
        assertRuns(2);
    }

    private static void change(int count, String present) {
        guest.vm().changeVcpuCount(count);
        guest.await("[ $(cat " + CPUS + "present) = " + present + " ]");
    }

    private static void bringOnline(int first, int last) {
        guest.command("for i in $(seq " + first + " " + last + "); do echo 1 > " + CPUS + "cpu$i/online; done");
    }

    private static void assertRuns(int id) {
        Vcpu vcpu = guest.vm().vcpus().get(id);
        long before = vcpu.cpuTimeNanos();

        // Field 39 of proc(5)'s stat is the CPU that a process last ran on.
        String ranOn = guest.command("taskset -c " + id
                + " sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; cut -d \" \" -f 39 /proc/self/stat'");

        assertThat(ranOn).isEqualTo(String.valueOf(id));
        assertThat(vcpu.cpuTimeNanos()).isGreaterThan(before);
        assertThat(vcpu.state()).isEqualTo(VcpuState.RUNNING);
    }

    private static String topology(String file) {
        return guest.command("echo $(cat " + CPUS + "cpu[0-3]/topology/" + file + ")");
    }

    private static List<Integer> ids() {
        return guest.vm().vcpus().stream().map(Vcpu::id).toList();
    }
}
