package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.machine.device.DeviceState;
import org.kvmbeans.machine.device.VmBalloon;
import org.kvmbeans.machine.device.VmConsole;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.machine.device.VmRng;
import org.kvmbeans.machine.device.VmVsock;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.balloon.BalloonStatistic;
import org.kvmbeans.virtio.balloon.BalloonStatistics;
import org.kvmbeans.virtio.console.ConsolePort;

/** An unmodified Debian uses balloon, consoles, entropy and sockets; one boot serves all rules. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestServicesLabIT {
    private static final MachineServices SERVICES = new MachineServices(new JnaPosix());
    private static final long MIB = 1 << 20;
    private static final long SECONDS = 60;
    private static final int CID = 77;
    private static final String CONSOLE = "org.kvmbeans.console";
    private static final String CHANNEL = "org.kvmbeans.test";

    /**
     * What /proc/meminfo and the statistics may differ by, beside what changed between two looks at meminfo: each vCPU
     * keeps up to some hundred pages of changes to itself before they are counted.
     */
    private static final long TOLERANCE_BYTES = 2 * MIB;

    /** What else an idle guest may take or give while its balloon is filled. */
    private static final long IDLE_BYTES = 24 * MIB;

    @TempDir
    static Path folder;

    private static DiskGuest guest;

    @BeforeAll
    static void boot() {
        guest = DiskGuest.of(
                folder,
                SERVICES,
                "'consoles':['" + CONSOLE + "','" + CHANNEL + "'],'vsock':{'cid':" + CID + "}",
                "",
                List.of());
        guest.boot();
    }

    @AfterAll
    static void close() {
        guest.close();
        SERVICES.close();
    }

    @Test
    @Order(1)
    void balloonShrinksAndGrowsTheGuest() {
        VmBalloon balloon = device(VmBalloon.class);
        // The root disk's content fills the page cache, which the guest must give up for the balloon.
        guest.command("head -c 400M /dev/vda > /dev/null");
        MemInfo before = meminfo();
        long residentBefore = guest.vm().memoryResidentBytes();
        long target = before.bytes("MemFree") + 160 * MIB;

        balloon.target(target);
        Waiting.until("balloon filled", SECONDS, () -> balloon.actualBytes() == balloon.targetBytes());

        MemInfo filled = meminfo();
        assertThat(balloon.targetBytes()).isBetween(target - 4096, target);
        // With "deflate on OOM" Linux leaves MemTotal alone: its drivers count the balloon as memory in use.
        assertThat(before.bytes("MemAvailable") - filled.bytes("MemAvailable"))
                .isBetween(target - IDLE_BYTES, target + IDLE_BYTES);
        assertThat(pagesOfFiles(before) - pagesOfFiles(filled)).isGreaterThan(100 * MIB);
        assertThat(residentBefore - guest.vm().memoryResidentBytes()).isGreaterThan(100 * MIB);

        balloon.target(0);
        Waiting.until("balloon emptied", SECONDS, () -> balloon.actualBytes() == 0);

        // While the guest reports free pages, up to 128 MiB at a time are out of its free lists.
        Waiting.until(
                "the guest to have its memory again",
                SECONDS,
                () -> Math.abs(meminfo().bytes("MemFree") - filled.bytes("MemFree") - target) <= IDLE_BYTES);
        assertThat(balloon.balloonCounters().inflatedBytesTotal()).isGreaterThanOrEqualTo(balloon.targetBytes());
        assertThat(balloon.balloonCounters().refusedFramesTotal()).isZero();
        assertThat(balloon.balloonCounters().discardFailuresTotal()).isZero();
    }

    @Test
    @Order(2)
    void statisticsAgreeWithTheGuestsMeminfo() {
        VmBalloon balloon = device(VmBalloon.class);
        MemInfo before = meminfo();
        long asked = System.currentTimeMillis();
        Waiting.until("newer statistics", SECONDS, () -> takenAt(balloon) > asked);
        BalloonStatistics told = Objects.requireNonNull(balloon.statistics());
        MemInfo after = meminfo();

        assertThat(value(told, BalloonStatistic.TOTAL_BYTES)).isEqualTo(before.bytes("MemTotal"));
        assertBetween(told, BalloonStatistic.FREE_BYTES, before.bytes("MemFree"), after.bytes("MemFree"));
        assertBetween(
                told, BalloonStatistic.AVAILABLE_BYTES, before.bytes("MemAvailable"), after.bytes("MemAvailable"));
        // The statistic counts all pages of files; meminfo tells those of block devices and of swap apart.
        assertBetween(told, BalloonStatistic.DISK_CACHE_BYTES, pagesOfFiles(before), pagesOfFiles(after));
    }

    private static long takenAt(VmBalloon balloon) {
        BalloonStatistics latest = balloon.statistics();
        return latest == null ? 0 : latest.takenAtMillis();
    }

    private static long value(BalloonStatistics told, BalloonStatistic statistic) {
        return told.value(statistic).orElseThrow();
    }

    private static void assertBetween(BalloonStatistics told, BalloonStatistic statistic, long before, long after) {
        assertThat(value(told, statistic))
                .as(statistic.name())
                .isBetween(Math.min(before, after) - TOLERANCE_BYTES, Math.max(before, after) + TOLERANCE_BYTES);
    }

    private static long pagesOfFiles(MemInfo meminfo) {
        return meminfo.bytes("Cached") + meminfo.bytes("Buffers") + meminfo.bytes("SwapCached");
    }

    @Test
    @Order(3)
    void memoryThatTheGuestFreesGoesBackToTheHost() {
        VmBalloon balloon = device(VmBalloon.class);
        guest.command("head -c 192M /dev/zero > /dev/shm/filling");
        long reported = balloon.balloonCounters().reportedBytesTotal();
        long resident = guest.vm().memoryResidentBytes();

        guest.command("rm /dev/shm/filling");

        Waiting.until(
                "free pages reported and taken back",
                SECONDS,
                () -> balloon.balloonCounters().reportedBytesTotal() - reported > 160 * MIB
                        && resident - guest.vm().memoryResidentBytes() > 160 * MIB);
    }

    @Test
    @Order(4)
    void somebodyLogsInAtTheVirtioConsole() {
        ConsolePort port = port(CONSOLE);
        GuestConsole console = new GuestConsole(guest.vm(), port, 0);
        // Debian's driver is a module, loaded after systemd has looked for consoles that want a login.
        guest.command("systemctl start serial-getty@hvc0");
        console.await("login: ", SECONDS);
        console.type("root");
        console.await("assword: ", SECONDS);
        console.type("kvmbeans");
        console.await("# ", SECONDS);

        console.type("echo on-$(tty)-$((6 * 7))");

        assertThat(console.await("-42", SECONDS)).contains("on-/dev/hvc0");
    }

    @Test
    @Order(5)
    void channelCarriesWordsBothWays() {
        ConsolePort port = port(CHANNEL);
        assertThat(port.isGuestOpen()).isFalse();
        guest.command("sh -c 'exec 3<>/dev/virtio-ports/" + CHANNEL
                + "; read line <&3; echo guest heard $line >&3; read line <&3' > /dev/null &");
        Waiting.until("a guest at its end of the channel", SECONDS, port::isGuestOpen);

        GuestConsole channel = new GuestConsole(guest.vm(), port, 0);
        channel.type("hello");
        channel.await("guest heard hello", SECONDS);
        channel.type("bye");

        Waiting.until("no guest at its end of the channel", SECONDS, () -> !port.isGuestOpen());
        assertThat(port.bytesReceived()).isEqualTo("hello\nbye\n".length());
    }

    @Test
    @Order(6)
    void kernelTakesItsEntropyFromTheDevice() {
        VmRng rng = device(VmRng.class);
        assertThat(guest.command("cat /sys/class/misc/hw_random/rng_current")).startsWith("virtio_rng");
        long before = rng.queues().get(0).counters().bytesToGuest();

        String checksums =
                guest.command("for i in 1 2; do head -c 65536 /dev/hwrng | sha256sum; done | sort -u | wc -l");

        assertThat(checksums).isEqualTo("2");
        assertThat(rng.queues().get(0).counters().bytesToGuest() - before).isGreaterThanOrEqualTo(2 * 65_536);
    }

    /** Perl is on every Debian and takes the numbers of address families as they come; the JDK has no such sockets. */
    @Test
    @Order(7)
    void socketsLeadFromHostToGuestAndBack() throws IOException {
        assertThat(device(VmVsock.class).state()).isEqualTo(DeviceState.ACTIVE);
        guest.command("socat VSOCK-LISTEN:5000 EXEC:cat & true");
        String connect = "use Socket; for (1 .. 100) {"
                + " socket(my $s, 40, SOCK_STREAM, 0) or die \"socket: $!\";"
                + " if (connect($s, pack('SSLLx4', 40, 0, 5000, " + CID + "))) {"
                + " syswrite($s, \"to the guest\\n\"); print scalar <$s>; exit 0; }"
                + " select(undef, undef, undef, 0.1); } die \"connect: $!\"";
        assertThat(DiskGuest.run("perl", "-e", connect)).isEqualTo("to the guest\n");

        String listen = "use Socket; $| = 1; socket(my $s, 40, SOCK_STREAM, 0) or die \"socket: $!\";"
                + " bind($s, pack('SSLLx4', 40, 0, 5001, 0xFFFFFFFF)) or die \"bind: $!\"; listen($s, 1);"
                + " print \"listening\\n\"; accept(my $c, $s) or die \"accept: $!\"; print scalar <$c>;";
        Process host = new ProcessBuilder("perl", "-e", listen)
                .redirectErrorStream(true)
                .start();
        try (BufferedReader said =
                new BufferedReader(new InputStreamReader(host.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(said.readLine()).isEqualTo("listening");
            guest.command("echo to the host | socat -u - VSOCK-CONNECT:2:5001");
            assertThat(said.readLine()).isEqualTo("to the host");
        } finally {
            host.destroy();
        }
    }

    @Test
    @Order(8)
    void powerButtonEndsAGuestWhoseDevicesAreBusy() {
        guest.command("(fio --name=busy --filename=/var/tmp/busy --size=64M --rw=randrw --time_based --runtime=600"
                + " --fsync=8 --ioengine=libaio --iodepth=8 > /dev/null 2>&1 &)");
        guest.command("(cat /dev/hwrng > /dev/null &); (cat /dev/zero > /dev/virtio-ports/" + CHANNEL + " &)");
        ConsolePort channel = port(CHANNEL);
        Waiting.until("a busy channel", SECONDS, () -> channel.bytesTransmitted() > MIB);
        guest.await("[ -s /var/tmp/busy ]");
        device(VmBalloon.class).target(100 * MIB);

        guest.shutDown();

        assertThat(guest.vm().lastError()).isEmpty();
        assertThat(guest.vm().devices()).extracting(VmDevice::state).containsOnly(DeviceState.DETACHED);
    }

    private static ConsolePort port(String name) {
        return device(VmConsole.class).port(name).orElseThrow();
    }

    private static <T extends VmDevice> T device(Class<T> type) {
        return guest.vm().devices().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow();
    }

    /** The guest's /proc/meminfo at one moment. */
    private record MemInfo(String text) {
        long bytes(String name) {
            return text.lines()
                    .map(line -> line.split("[: ]+"))
                    .filter(words -> words[0].equals(name))
                    .mapToLong(words -> Long.parseLong(words[1]) * 1024)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static MemInfo meminfo() {
        return new MemInfo(guest.command("cat /proc/meminfo"));
    }
}
