package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.machine.NetGuest.Nic;
import org.kvmbeans.machine.NoiseServer.Transfer;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimits;

/**
 * An unmodified Debian with three NICs: on a TAP that the kernel's vhost serves, on one that our threads serve, and on
 * passt. One boot serves all tests; the last of them ends it. Needs hardware KVM, vhost-net and passt.
 */
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class NetGuestLabIT {
    /** How much is streamed each way over each NIC; {@code -Dkvmbeans.lab.streamMib=1024} streams a whole GiB. */
    private static final int STREAM_MIB = Integer.getInteger("kvmbeans.lab.streamMib", 100);

    private static final int TIMES = (int) (((long) STREAM_MIB << 20) / NoiseServer.NOISE_BYTES) + 1;

    /** Exits for a stream: what the console and timers cause, where packets and interrupts come by the ten thousand. */
    private static final long FEW_EXITS = 200;

    private static final long STREAM_SECONDS = 240;
    private static final String NOISE = "/dev/shm/noise";
    private static final String OTHER_MAC = "52:54:00:99:99:99";
    private static final int LIMIT = 2 << 20;

    private final MachineServices services = new MachineServices(new JnaPosix());
    private NetGuest guest;

    @BeforeAll
    void boot(@TempDir Path folder) throws Exception {
        guest = NetGuest.boot(folder, services);
        try (NoiseServer server = server(Nic.VHOST)) {
            CompletableFuture<Transfer> sent = server.send(1);
            guest.command("bash -c 'cat </dev/tcp/%s/%d >%s'".formatted(server.address(), server.port(), NOISE));
            sent.get(STREAM_SECONDS, TimeUnit.SECONDS);
        }
    }

    @AfterAll
    void close() {
        if (guest != null) {
            guest.close();
        }
        services.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"VHOST", "TAP"})
    void streamsArriveIntactWithoutExits(Nic nic) throws Exception {
        try (NoiseServer server = server(nic)) {
            Transfer out = fromGuest(server, TIMES);
            Transfer in = toGuest(server, TIMES);

            System.out.println(nic + ": from the guest " + out + "; to the guest " + in);
            for (QueueMonitor queue : guest.nic(nic).queues()) {
                QueueCounters counters = queue.counters();
                System.out.printf(
                        "%s queue %d: %d requests, %d notifications, %d interrupts%n",
                        nic,
                        queue.id(),
                        counters.requestsTotal(),
                        counters.notificationsTotal(),
                        counters.interruptsTotal());
            }
            long counted = guest.exits();
            guest.command("true");
            assertThat(guest.exits())
                    .as("what is typed at the serial port exits")
                    .isGreaterThan(counted);
            assertThat(List.of(out, in)).extracting(Transfer::exits).allMatch(exits -> exits < FEW_EXITS);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"VHOST", "TAP"})
    void offloadsAreInEffect(Nic nic) {
        assertThat(guest.command("ethtool -k %" + nic + "%").lines().map(String::strip))
                .contains(
                        "tx-checksumming: on",
                        "tx-checksum-ip-generic: on",
                        "scatter-gather: on",
                        "tcp-segmentation-offload: on",
                        "tx-tcp-segmentation: on",
                        "tx-tcp6-segmentation: on",
                        "generic-receive-offload: on");
        assertThat(guest.command("ethtool -k %" + nic + "% | grep rx-checksumming"))
                .startsWith("rx-checksumming: on");
    }

    @ParameterizedTest
    @EnumSource(names = {"VHOST", "TAP"})
    void bothQueuePairsCarryTraffic(Nic nic) throws Exception {
        assertThat(guest.command("ethtool -l %" + nic + "% | grep Combined")).containsPattern("2\\s+Combined:\\s+2");
        try (NoiseServer first = server(nic);
                NoiseServer second = server(nic)) {
            List<CompletableFuture<Transfer>> transfers = List.of(first.receive(2), second.receive(2));
            guest.command(
                    "taskset -c 0 " + sender(first, 2) + " & taskset -c 1 " + sender(second, 2) + " & wait",
                    STREAM_SECONDS);
            for (CompletableFuture<Transfer> transfer : transfers) {
                transfer.get(STREAM_SECONDS, TimeUnit.SECONDS);
            }
        }

        // Of the kernel's queues we see nothing; the guest's driver counts its own.
        String counted = guest.command("ethtool -S %" + nic + "%");
        for (String queue : List.of("rx_queue_0", "rx_queue_1", "tx_queue_0", "tx_queue_1")) {
            assertThat(counted).containsPattern(queue + "_packets: [1-9]");
        }
        if (nic == Nic.TAP) {
            for (int queue = 0; queue < 4; queue++) {
                QueueCounters counters = guest.nic(nic).queues().get(queue).counters();
                assertThat(counters.requestsTotal()).as("queue " + queue).isPositive();
                assertThat(counters.bytesFromGuest() + counters.bytesToGuest()).isPositive();
            }
        }
    }

    @Test
    void largePacketsPassWhole() {
        assertThat(guest.command("cat /sys/class/net/%TAP%/mtu")).isEqualTo("9000");
        assertThat(guest.command("cat /sys/class/net/%VHOST%/mtu")).isEqualTo("1500");
        assertThat(guest.command("ping -M do -s 8972 -c 3 -W 2 " + Nic.TAP.hostAddress()))
                .contains("3 received");
    }

    @ParameterizedTest
    @EnumSource
    void guestSeesItsLinkGoDownAndUp(Nic nic) {
        String host = nic == Nic.USER ? gateway() : nic.hostAddress();
        guest.nic(nic).setLink(false);
        try {
            // The driver knows at once; what is shown of the interface follows within a second.
            guest.awaitInGuest("ip link show %" + nic + "% | grep -q NO-CARRIER");
            if (nic != Nic.USER) {
                assertThat(guest.command("ping -c 1 -W 1 " + host + " || echo lost"))
                        .endsWith("lost");
            }
        } finally {
            guest.nic(nic).setLink(true);
        }
        guest.awaitInGuest("grep -q 1 /sys/class/net/%" + nic + "%/carrier");
        if (nic == Nic.USER) {
            guest.awaitInGuest("ip -4 -o address show dev %USER% | grep -q inet");
        } else {
            guest.awaitAnswer(nic);
        }
        assertThat(guest.nic(nic).lastError()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"VHOST", "TAP"})
    void packetsFromOtherAddressesAreDropped(Nic nic) {
        assertThat(guest.command("ip link set %" + nic + "% address " + OTHER_MAC + " || echo refused"))
                .endsWith("refused");
        VmNic device = guest.nic(nic);
        long droppedBefore = device.statistics().transmitDropped();
        sendFrameFrom(nic, OTHER_MAC);
        sendFrameFrom(nic, nic.mac());
        guest.awaitAnswer(nic);

        // The bridge learns where each address is that it sees.
        assertThat(DiskGuest.run("bridge", "fdb", "show", "br", nic.bridge()))
                .contains(nic.mac())
                .doesNotContain(OTHER_MAC);
        if (nic == Nic.TAP) {
            assertThat(device.statistics().transmitDropped()).isEqualTo(droppedBefore + 1);
        }
    }

    /** A frame of the local experimental type (IEEE 802) to everybody, past the guest's own addresses. */
    private void sendFrameFrom(Nic nic, String mac) {
        String frame = "ff".repeat(6) + mac.replace(":", "") + "88b5" + "00".repeat(46);
        guest.command("perl -e 'socket($s, 17, 3, 0) or die; $i = `cat /sys/class/net/%" + nic + "%/ifindex`;"
                + " send($s, pack(\"H*\", \"" + frame + "\"), 0, pack(\"SnlSCCa8\", 17, 0x88b5, $i, 0, 0, 6, \"\"))"
                + " or die $!'");
    }

    @Test
    void limitsHoldBothWays() throws Exception {
        try (NoiseServer server = server(Nic.TAP)) {
            guest.vm().limitNic("tap", new RateLimits(LIMIT, 1 << 16, 0, 0), RateLimits.NONE);
            assertLimited(fromGuest(server, 1));
            assertThat(throttledNanos(1) + throttledNanos(3)).isPositive();

            guest.vm().limitNic("tap", RateLimits.NONE, new RateLimits(LIMIT, 1 << 16, 0, 0));
            assertLimited(toGuest(server, 1));
            assertThat(throttledNanos(0) + throttledNanos(2)).isPositive();
        } finally {
            guest.vm().limitNic("tap", RateLimits.NONE, RateLimits.NONE);
        }
    }

    /** Half as fast may the emulated machine be, faster never; what is on its way at the end is not much. */
    private static void assertLimited(Transfer transfer) {
        double seconds = (double) transfer.nanos() / TimeUnit.SECONDS.toNanos(1);
        double atTheLimit = (double) transfer.bytes() / LIMIT;
        assertThat(seconds).isGreaterThan(0.9 * atTheLimit);
    }

    private long throttledNanos(int queue) {
        return guest.nic(Nic.TAP).queues().get(queue).counters().throttledNanos();
    }

    @Test
    void userNetworkConfiguresAndConnectsTheGuest() throws Exception {
        guest.awaitInGuest("ip -4 -o address show dev %USER% | grep -q inet");
        assertThat(guest.command("ip -4 route show default dev %USER%")).contains("via " + gateway() + " proto dhcp");
        guest.awaitInGuest("grep -q nameserver /etc/resolv.conf");

        // passt takes the gateway's address for the host's loopback.
        try (NoiseServer server = new NoiseServer("127.0.0.1", guest::exits)) {
            CompletableFuture<Transfer> received = server.receive(1);
            guest.command(
                    "bash -c 'cat %s >/dev/tcp/%s/%d'".formatted(NOISE, gateway(), server.port()), STREAM_SECONDS);
            System.out.println(Nic.USER + ": from the guest " + received.get(STREAM_SECONDS, TimeUnit.SECONDS));
        }
        guest.command("(echo hello from the guest | socat - TCP-LISTEN:" + NetGuest.FORWARDED_TO
                + ",reuseaddr) >/dev/null 2>&1 &");
        guest.awaitInGuest("ss -ltn | grep -q :" + NetGuest.FORWARDED_TO);
        assertThat(readForwarded()).isEqualTo("hello from the guest\n");
    }

    private String gateway() {
        guest.awaitInGuest("ip -4 route show default dev %USER% | grep -q via");
        return guest.command("ip -4 route show default dev %USER% | sed 's/.*via \\([0-9.]*\\).*/\\1/;q'");
    }

    private String readForwarded() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), guest.forwardedPort())) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(STREAM_SECONDS));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void powerOffLeavesNothingBehind() {
        assertThat(passtProcesses()).hasSize(1);
        String vhostTap = guest.nic(Nic.VHOST).hostInterface();
        String tap = guest.nic(Nic.TAP).hostInterface();
        assertThat(DiskGuest.run("ip", "-o", "link")).contains(vhostTap, tap);

        guest.machine().shutDown();

        assertThat(passtProcesses()).isEmpty();
        assertThat(DiskGuest.run("ip", "-o", "link")).doesNotContain(vhostTap + ":", tap + ":");
    }

    private static List<ProcessHandle> passtProcesses() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").contains("passt"))
                .toList();
    }

    private NoiseServer server(Nic nic) throws IOException {
        return new NoiseServer(nic.hostAddress(), guest::exits);
    }

    private Transfer fromGuest(NoiseServer server, int times) throws Exception {
        CompletableFuture<Transfer> transfer = server.receive(times);
        guest.command(sender(server, times), STREAM_SECONDS);
        return transfer.get(STREAM_SECONDS, TimeUnit.SECONDS);
    }

    private static String sender(NoiseServer server, int times) {
        return "bash -c 'exec 3>/dev/tcp/%s/%d; for ((i = 0; i < %d; i++)); do cat %s >&3 || exit 1; done'"
                .formatted(server.address(), server.port(), times, NOISE);
    }

    private Transfer toGuest(NoiseServer server, int times) throws Exception {
        CompletableFuture<Transfer> transfer = server.send(times);
        guest.command(
                "bash -c 'exec 3<>/dev/tcp/%s/%d; for ((i = 0; i < %d; i++)); do cmp -n %d - %s <&3 || exit 1; done'"
                        .formatted(server.address(), server.port(), times, NoiseServer.NOISE_BYTES, NOISE),
                STREAM_SECONDS);
        return transfer.get(STREAM_SECONDS, TimeUnit.SECONDS);
    }
}
