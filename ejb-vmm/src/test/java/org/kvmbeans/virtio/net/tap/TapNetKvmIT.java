package org.kvmbeans.virtio.net.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetGuest;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.Packets;
import org.kvmbeans.virtio.net.VirtioNet;
import org.kvmbeans.virtio.spi.QueueCounters;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue;
import org.kvmbeans.virtio.testdriver.Segment;

/** A NIC on a TAP interface, with the host's own network at the other end. Needs CAP_NET_ADMIN, as KVM tests have in the lab. */
class TapNetKvmIT {
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

    private static byte[] header(int flags, int gso, int headerLength, int gsoSize, int start, int offset) {
        return ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) flags)
                .put((byte) gso)
                .putShort((short) headerLength)
                .putShort((short) gsoSize)
                .putShort((short) start)
                .putShort((short) offset)
                .array();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void packetsGoBothWays(boolean packed) throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.of(net).packed(packed).start());
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(NetGuest.plain(), host.frameToHost(text("from the guest")));
            assertThat(host.receive()).isEqualTo(text("from the guest"));

            guest.provide(8, 2048);
            host.send(text("from the host"));
            byte[] packet = guest.receive(TapNetKvmIT::isDatagram);
            assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                    .isEqualTo(text("from the host"));
            assertThat(net.statistics().transmittedPackets()).isEqualTo(1);
            assertThat(net.statistics().receivedPackets()).isPositive();
            assertThat(counters.get(1).errorsTotal()).isZero();
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    @Test
    void manyPacketsArriveInOrder() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(64, 2048);
            for (int i = 0; i < 500; i++) {
                byte[] data = text("packet " + i);
                guest.send(NetGuest.plain(), host.frameToHost(data));
                assertThat(host.receive()).isEqualTo(data);
                host.send(data);
                byte[] packet = guest.receive(TapNetKvmIT::isDatagram);
                assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                        .isEqualTo(data);
                guest.provide(1, 2048);
            }
        }
    }

    @Test
    void deviceCompletesChecksums() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(header(1, 0, 0, 0, Packets.udpStart(), 6), host.frameToComplete(text("sum me up")));

            assertThat(host.receive()).isEqualTo(text("sum me up"));
        }
    }

    @Test
    void packetThatNeedsSeveralBuffersFillsThem() throws Exception {
        VirtioNet net = device(options());
        byte[] data = new byte[1400];
        Arrays.fill(data, (byte) 'x');
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(64, 128);
            for (int i = 0; i < 4; i++) {
                data[0] = (byte) i;
                host.send(data);
                byte[] packet = guest.receive(TapNetKvmIT::isDatagram);
                assertThat(packet[10]).isEqualTo((byte) 12);
                assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                        .isEqualTo(data);
            }
        }
    }

    @Test
    void packetWaitsUntilTheGuestHasBuffersEnough() throws Exception {
        VirtioNet net = device(options());
        byte[] data = new byte[1400];
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(4, 256);
            host.send(data);
            host.send(text("and another"));
            Await.until("the buffers are taken", () -> counters.get(0).notificationsTotal() > 0);
            guest.provide(8, 256);

            byte[] packet = guest.receive(TapNetKvmIT::isDatagram);
            assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                    .isEqualTo(data);
            packet = guest.receive(TapNetKvmIT::isDatagram);
            assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                    .isEqualTo(text("and another"));
        }
    }

    @Test
    void packetLargerThanAnUnmergeableBufferIsDropped() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(
                        DeviceHarness.of(net).without(NetFeatures.MRG_RXBUF).start());
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(4, 256);
            host.send(new byte[1400]);
            host.send(text("small"));

            byte[] packet = guest.receive(TapNetKvmIT::isDatagram);
            assertThat(Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT))
                    .isEqualTo(text("small"));
            assertThat(net.statistics().receiveDropped()).isEqualTo(1);
        }
    }

    @Test
    void spoofedSourceIsDroppedAndCounted() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(NetGuest.plain(), host.frameToHost(OTHER, text("not me")));
            guest.send(NetGuest.plain(), host.frameToHost(text("me")));

            assertThat(host.receive()).isEqualTo(text("me"));
            assertThat(counters.get(1).errorsTotal()).isEqualTo(1);
            assertThat(net.statistics().transmitDropped()).isEqualTo(1);
            assertThat(net.isSpoofingBlocked()).isTrue();
        }
    }

    @Test
    void headersBeyondThePacketAreRefused() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            byte[] frame = host.frameToHost(text("hostile"));
            List<byte[]> headers = List.of(
                    header(1, 0, 0, 0, frame.length, 0),
                    header(1, 0, 0, 0, 0xFFFF, 0xFFFF),
                    header(1, 1, 54, frame.length, 34, 6),
                    header(1, 1, frame.length + 1, 8, 34, 6),
                    header(1, 1, 54, 0, 34, 6),
                    header(0, 1, 54, 8, 34, 6),
                    header(1, 2, 54, 8, 34, 6),
                    header(1, 0x7F, 54, 8, 34, 6));
            for (byte[] header : headers) {
                guest.send(header, frame);
            }
            guest.send(new byte[4], new byte[0]);
            guest.send(NetGuest.plain(), new byte[13]);
            guest.send(NetGuest.plain(), new byte[65_563]);
            assertThat(counters.get(1).errorsTotal()).isEqualTo(headers.size() + 3);

            guest.send(NetGuest.plain(), frame);
            assertThat(host.receive()).isEqualTo(text("hostile"));
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    @Test
    void offloadsNotAcceptedAreRefused() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(
                        DeviceHarness.of(net).without(NetFeatures.HOST_OFFLOADS).start());
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(header(1, 0, 0, 0, Packets.udpStart(), 6), host.frameToComplete(text("no")));

            assertThat(counters.get(1).errorsTotal()).isEqualTo(1);
        }
    }

    @Test
    void receiveBufferTooSmallForAHeaderAsksForAReset() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(1, 11);
            host.send(text("anything"));

            assertThat(guest.harness().awaitReset()).contains("11 bytes");
            guest.restart();
            guest.provide(4, 2048);
            host.send(text("again"));
            guest.receive(TapNetKvmIT::isDatagram);
        }
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
            guest.receive(TapNetKvmIT::isDatagram);
        }
    }

    @Test
    void resetInTheMiddleOfTrafficLosesNothingButPackets() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            for (int i = 0; i < 20; i++) {
                guest.provide(16, 2048);
                DriverQueue transmit = guest.harness().queue(1);
                for (int j = 0; j < 16; j++) {
                    host.send(text("flood"));
                    transmit.submit(guest.transmitSegments(NetGuest.plain(), host.frameToHost(text("flood"))));
                }
                guest.restart();
            }
            guest.provide(16, 2048);
            host.send(text("after"));
            guest.receive(frame ->
                    Arrays.equals(Packets.udpData(frame, HostSide.GUEST_PORT), text("after")) || provideAgain(guest));
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    private static boolean provideAgain(NetGuest guest) {
        guest.provide(1, 2048);
        return false;
    }

    @Test
    void transmitLimitHoldsPacketsBack() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            net.limitTransmit(new RateLimits(0, 0, 20, 1));
            for (int i = 0; i < 3; i++) {
                guest.send(NetGuest.plain(), host.frameToHost(text("slow")));
                assertThat(host.receive()).isEqualTo(text("slow"));
            }
            assertThat(counters.get(1).throttledNanos()).isPositive();
        }
    }

    @Test
    void receiveLimitHoldsPacketsBack() throws Exception {
        VirtioNet net = device(options());
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(16, 2048);
            net.limitReceive(new RateLimits(0, 0, 20, 1));
            for (int i = 0; i < 3; i++) {
                host.send(text("slow"));
            }
            for (int i = 0; i < 3; i++) {
                guest.receive(TapNetKvmIT::isDatagram);
            }
            assertThat(counters.get(0).throttledNanos()).isPositive();
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
            guest.receive(TapNetKvmIT::isDatagram);
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
