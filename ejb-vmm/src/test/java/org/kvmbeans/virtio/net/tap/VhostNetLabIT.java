package org.kvmbeans.virtio.net.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetFeatures;
import org.kvmbeans.virtio.net.NetGuest;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.Packets;
import org.kvmbeans.virtio.net.VirtioNet;
import org.kvmbeans.virtio.spi.RateLimits;
import org.kvmbeans.virtio.spi.VirtioFeatures;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;
import org.kvmbeans.virtio.testdriver.DriverQueue.RingPlace;

/** A NIC whose packets the kernel carries: needs vhost-net, which the lab has. */
class VhostNetLabIT {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final MacAddress OTHER = MacAddress.parse("52:54:00:12:34:57");

    private final JnaPosix posix = new JnaPosix();

    private VirtioNet device(int queuePairs, boolean allowSpoofing) {
        NetOptions options = new NetOptions(MAC, queuePairs, 1500, allowSpoofing);
        return NetGuest.device(posix, options, VhostNetBackend.open(posix, options, "", ""));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] data(byte[] packet) {
        return Packets.udpData(NetGuest.frameOf(packet), HostSide.GUEST_PORT);
    }

    private static boolean isDatagram(byte[] frame) {
        return Packets.udpData(frame, HostSide.GUEST_PORT).length > 0;
    }

    @Test
    void packetsGoBothWaysThroughTheKernel() throws Exception {
        VirtioNet net = device(1, false);
        assertThat(net.features() & VirtioFeatures.PACKED_RING).isZero();
        assertThat(net.features() & NetFeatures.MRG_RXBUF).isNotZero();
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(64, 2048);
            for (int i = 0; i < 50; i++) {
                guest.send(NetGuest.plain(), host.frameToHost(text("from the guest " + i)));
                assertThat(host.receive()).isEqualTo(text("from the guest " + i));
                host.send(text("from the host " + i));
                assertThat(data(guest.receive(VhostNetLabIT::isDatagram))).isEqualTo(text("from the host " + i));
                guest.provide(1, 2048);
            }
            guest.harness().queue(0).awaitInterrupt();
            Await.until("the kernel counts", () -> net.statistics().transmittedPackets() == 50);
            assertThat(net.statistics().receivedPackets()).isGreaterThanOrEqualTo(50);
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    @Test
    void kernelMergesBuffers() throws Exception {
        VirtioNet net = device(1, false);
        byte[] large = new byte[1400];
        Arrays.fill(large, (byte) 'x');
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.provide(64, 256);
            host.send(large);

            assertThat(data(guest.receive(VhostNetLabIT::isDatagram))).isEqualTo(large);
        }
    }

    @Test
    void kernelDropsSpoofedPackets() throws Exception {
        VirtioNet net = device(1, false);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(NetGuest.plain(), host.frameToHost(OTHER, text("not me")));
            guest.send(NetGuest.plain(), host.frameToHost(text("me")));

            assertThat(host.receive()).isEqualTo(text("me"));
        }
        net = device(1, true);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            guest.send(NetGuest.plain(), host.frameToHost(OTHER, text("whoever")));

            assertThat(host.receive()).isEqualTo(text("whoever"));
        }
    }

    @Test
    void pairsAreActiveAsTheDriverSays() throws Exception {
        VirtioNet net = device(2, false);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            assertThat(guest.control(4, 0, (byte) 2, (byte) 0)).isZero();
            for (int pair = 0; pair < 2; pair++) {
                guest.send(pair, NetGuest.plain(), host.frameToHost(text("pair " + pair)));
                assertThat(host.receive()).isEqualTo(text("pair " + pair));
            }
            assertThat(guest.control(4, 0, (byte) 1, (byte) 0)).isZero();
            guest.provide(16, 2048);
            host.send(text("to the first"));
            assertThat(data(guest.receive(VhostNetLabIT::isDatagram))).isEqualTo(text("to the first"));
        }
    }

    @Test
    void linkAndResetsStopAndStartTheKernel() throws Exception {
        VirtioNet net = device(1, false);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net));
                HostSide host = new HostSide(net.interfaceName(), MAC)) {
            for (int i = 0; i < 5; i++) {
                net.setLink(false);
                guest.harness()
                        .queue(1)
                        .submit(guest.transmitSegments(NetGuest.plain(), host.frameToHost(text("held"))));
                net.setLink(true);
                assertThat(host.receive()).isEqualTo(text("held"));
                guest.restart();
                guest.provide(16, 2048);
                host.send(text("again"));
                assertThat(data(guest.receive(VhostNetLabIT::isDatagram))).isEqualTo(text("again"));
            }
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    @Test
    void ringOutsideOfRamAsksForAReset() {
        VirtioNet net = device(1, false);
        try (DeviceHarness harness = DeviceHarness.of(net)
                .ring(
                        1,
                        place -> new RingPlace(
                                place.index(), place.size(), 1L << 40, place.driverGpa(), place.deviceGpa()))
                .start()) {
            assertThat(harness.awaitReset()).contains("not all RAM");
        }
    }

    @Test
    void limitsAreRefusedWithAReason() {
        try (VirtioNet net = device(1, false)) {
            assertThatThrownBy(() -> net.limitTransmit(new RateLimits(1000, 0, 0, 0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("choose the back end tap");
        }
    }
}
