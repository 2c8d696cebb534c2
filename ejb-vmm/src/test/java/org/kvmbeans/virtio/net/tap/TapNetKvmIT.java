package org.kvmbeans.virtio.net.tap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.MacAddress;
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

/** A NIC on a TAP interface, with the host's own network at the other end. Needs CAP_NET_ADMIN, as KVM tests have in the lab. */
class TapNetKvmIT {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final MacAddress OTHER = MacAddress.parse("52:54:00:12:34:57");

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
}
