package org.kvmbeans.virtio.net.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetGuest;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.Packets;
import org.kvmbeans.virtio.net.VirtioNet;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;

/** What a driver and an operator ask of a NIC on a TAP interface: control requests, link, interfaces. Needs CAP_NET_ADMIN, as KVM tests have in the lab. */
class TapControlKvmIT {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final MacAddress OTHER = MacAddress.parse("52:54:00:12:34:57");
    private static final int CONTROL = 2;

    private final JnaPosix posix = new JnaPosix();
    private List<QueueCounters> counters = List.of();

    private VirtioNet device(NetOptions options) {
        counters = Stream.generate(QueueCounters::new)
                .limit(VirtioNet.queueCount(options.queuePairs()))
                .toList();
        return NetGuest.device(posix, options, TapBackend.open(posix, options, "", ""), counters);
    }

    private static NetOptions options() {
        return new NetOptions(MAC, 1, 1500, false);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isDatagram(byte[] frame) {
        return Packets.udpData(frame, HostSide.GUEST_PORT).length > 0;
    }

    @Test
    void linkDownStopsPacketsBothWays() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(16, 2048);
            net.setLink(false);
            assertThat(guest.harness().config(6, 2)).containsExactly(0, 0);
            guest.harness().awaitConfigChanges(1);
            guest.send(NetGuest.plain(), host.frameToHost(text("lost")));
            assertThat(net.statistics().transmitDropped()).isEqualTo(1);
            assertThat(net.isLinkUp()).isFalse();

            net.setLink(true);
            guest.harness().awaitConfigChanges(2);
            assertThat(guest.harness().config(6, 2)).containsExactly(3, 0);
            assertThat(guest.control(3, 0)).isZero();
            assertThat(guest.harness().config(6, 2)).containsExactly(1, 0);
            guest.send(NetGuest.plain(), host.frameToHost(text("found")));
            assertThat(host.receive()).isEqualTo(text("found"));
            host.send(text("back"));
            guest.receive(TapControlKvmIT::isDatagram);
        }
    }

    @Test
    void pairsAreActiveAsTheDriverSays() throws Exception {
        NetOptions options = new NetOptions(MAC, 4, 1500, false);
        VirtioNet net = device(options);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            assertThat(guest.harness().config(8, 2)).containsExactly(4, 0);
            assertThat(guest.control(4, 0, (byte) 0, (byte) 0)).isOne();
            assertThat(guest.control(4, 0, (byte) 5, (byte) 0)).isOne();
            assertThat(guest.control(4, 0, (byte) 4, (byte) 0)).isZero();
            for (int pair = 0; pair < 4; pair++) {
                guest.send(pair, NetGuest.plain(), host.frameToHost(text("pair " + pair)));
                assertThat(host.receive()).isEqualTo(text("pair " + pair));
            }
            assertThat(guest.control(4, 0, (byte) 1, (byte) 0)).isZero();
            guest.send(3, NetGuest.plain(), host.frameToHost(text("late")));
            assertThat(net.statistics().transmitDropped()).isEqualTo(1);
            guest.provide(16, 2048);
            host.send(text("to the first"));
            guest.receive(TapControlKvmIT::isDatagram);
        }
    }

    @Test
    void driverOfOnePairFindsTheControlQueueThird() throws Exception {
        VirtioNet net = device(new NetOptions(MAC, 2, 1500, false));
        try (NetGuest guest =
                new NetGuest(DeviceHarness.of(net).without(NetFeatures.MQ).start())) {
            assertThat(guest.control(0, 0, (byte) 1)).isZero();
            assertThat(guest.control(4, 0, (byte) 2, (byte) 0)).isOne();
        }
    }

    @Test
    void offloadsCanBeSwitchedWhileItRuns() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            byte[] none = new byte[8];
            byte[] all = ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(NetFeatures.GUEST_OFFLOADS)
                    .array();
            byte[] foreign = {0, 0, 0, 0, 0, 0, 0, 1};
            assertThat(guest.control(5, 0, none)).isZero();
            assertThat(guest.control(5, 0, all)).isZero();
            assertThat(guest.control(5, 0, foreign)).isOne();
        }
    }

    @Test
    void badControlRequestsAreAnsweredWithAnError() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            assertThat(guest.control(9, 0)).isOne();
            assertThat(guest.control(0, 7, (byte) 1)).isOne();
            assertThat(guest.control(0, 0)).isOne();
            assertThat(guest.control(1, 0, new byte[] {-1, -1, -1, -1, 0, 0, 0, 0}))
                    .isOne();
            assertThat(guest.control(1, 0, new byte[8])).isZero();
            assertThat(guest.control(1, 1, new byte[6])).isOne();
            assertThat(guest.control(1, 1, new byte[] {0x52, 0x54, 0, 0x12, 0x34, 0x57}))
                    .isOne();
            assertThat(guest.control(1, 1, new byte[] {0x52, 0x54, 0, 0x12, 0x34, 0x56}))
                    .isZero();

            DriverQueue control = guest.controlQueue();
            control.submit(List.of(Segment.readable(guest.harness().arena().store((byte) 0, (byte) 0, (byte) 1), 3)));
            assertThat(control.await().writtenBytes()).isZero();
            control.submit(List.of(Segment.readable(guest.harness().arena().store((byte) 0), 1), room(guest)));
            assertThat(control.await().writtenBytes()).isOne();
            assertThat(counters.get(CONTROL).errorsTotal()).isEqualTo(8);
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    private static Segment room(NetGuest guest) {
        return Segment.writable(guest.harness().arena().allocate(1), 1);
    }

    @Test
    void addressIsTheGuestsToChangeWhereSpoofingIsAllowed() throws Exception {
        VirtioNet net = device(new NetOptions(MAC, 1, 1500, true));
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            assertThat(guest.control(1, 1, new byte[] {0x52, 0x54, 0, 0x12, 0x34, 0x57}))
                    .isZero();
            assertThat(net.mac()).isEqualTo(OTHER);
            assertThat(guest.harness().config(0, 6)).containsExactly(0x52, 0x54, 0, 0x12, 0x34, 0x57);
            guest.restart();
            assertThat(net.mac()).isEqualTo(MAC);
        }
    }

    @Test
    void interfaceThatIsDeletedTakesTheLinkDown() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            guest.provide(4, 2048);
            HostSide.run(List.of("ip", "link", "delete", net.interfaceName()));

            guest.harness().awaitConfigChanges(1);
            assertThat(net.isLinkUp()).isFalse();
            assertThat(net.lastError())
                    .hasValueSatisfying(why -> assertThat(why).contains("is gone"));
        }
    }

    @Test
    void interfaceBecomesAPortOfTheBridgeAndGoesWithTheNic() throws Exception {
        String bridge = "kvmbt" + ProcessHandle.current().pid();
        HostSide.run(List.of("ip", "link", "add", bridge, "type", "bridge"));
        try {
            NetOptions options = new NetOptions(MAC, 1, 9000, false);
            TapBackend backend = TapBackend.open(posix, options, "", bridge);
            Path tap = Path.of("/sys/class/net", backend.interfaceName());
            assertThat(tap.resolve("master").toRealPath().getFileName()).hasToString(bridge);
            assertThat(Files.readString(tap.resolve("mtu")).strip()).isEqualTo("9000");
            assertThat(Files.readString(tap.resolve("address")).strip()).startsWith("fe:");
            backend.close();
            assertThat(tap).doesNotExist();
        } finally {
            HostSide.run(List.of("ip", "link", "delete", bridge));
        }
    }

    @Test
    void interfaceThatWasThereBeforeStays() throws Exception {
        String name = "kvmbp" + ProcessHandle.current().pid();
        HostSide.run(List.of("ip", "tuntap", "add", name, "mode", "tap", "multi_queue", "vnet_hdr"));
        try {
            TapBackend backend = TapBackend.open(posix, options(), name, "");
            assertThat(backend.interfaceName()).isEqualTo(name);
            backend.close();
            assertThat(Path.of("/sys/class/net", name)).exists();
        } finally {
            HostSide.run(List.of("ip", "link", "delete", name));
        }
    }

    @Test
    void whatCannotBeIsRefusedWithAReason() {
        assertThatThrownBy(() -> TapBackend.open(posix, options(), "", "no-such-bridge"))
                .isInstanceOf(NetBackendException.class)
                .hasMessageContaining("there is no bridge no-such-bridge");
        assertThatThrownBy(() -> TapBackend.open(posix, options(), "../lo", ""))
                .isInstanceOf(NetBackendException.class)
                .hasMessageContaining("cannot be the name");
        assertThatThrownBy(() -> TapBackend.open(posix, options(), "lo", ""))
                .isInstanceOf(NetBackendException.class)
                .hasMessageContaining("must be a TAP interface");
    }

    @Test
    void kernelFilterDropsSpoofedPackets() throws Exception {
        NetOptions options = new NetOptions(MAC, 1, 1500, true);
        VirtioNet net = NetGuest.device(posix, options, TapBackend.open(posix, options, "", ""));
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC);
                HostInterface tap = new HostInterface(posix, net.interfaceName())) {
            SpoofFilter.install(posix, net.interfaceName(), tap.index(), MAC);
            guest.send(NetGuest.plain(), host.frameToHost(OTHER, text("not me")));
            guest.send(NetGuest.plain(), host.frameToHost(text("me")));
            assertThat(host.receive()).isEqualTo(text("me"));

            SpoofFilter.remove(posix, tap.index());
            guest.send(NetGuest.plain(), host.frameToHost(OTHER, text("whoever")));
            assertThat(host.receive()).isEqualTo(text("whoever"));
        }
    }
}
