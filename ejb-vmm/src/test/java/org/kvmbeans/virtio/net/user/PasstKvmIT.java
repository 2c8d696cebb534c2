package org.kvmbeans.virtio.net.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.NetBackendException;
import org.kvmbeans.virtio.net.NetGuest;
import org.kvmbeans.virtio.net.NetOptions;
import org.kvmbeans.virtio.net.Packets;
import org.kvmbeans.virtio.net.VirtioNet;
import org.kvmbeans.virtio.testdriver.Await;
import org.kvmbeans.virtio.testdriver.DeviceHarness;

/** A NIC on the passt that is installed: needs the package, not privileges. */
class PasstKvmIT {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final long BROADCAST = 0xFFFFFFFFFFFFL;
    private static final NetOptions OPTIONS = new NetOptions(MAC, 1, 1500, false);
    private static final int DHCP_SERVER = 67;
    private static final int DHCP_CLIENT = 68;
    private static final int DHCP_OFFER = 2;

    private final JnaPosix posix = new JnaPosix();

    @Test
    void guestIsOfferedAnAddress() {
        PasstBackend backend = PasstBackend.open(posix, OPTIONS, List.of());
        VirtioNet net = NetGuest.device(posix, OPTIONS, backend);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            assertThat(offer(guest)).isNotEmpty();
            assertThat(net.backendKind()).isEqualTo("user");
            assertThat(net.statistics().transmittedPackets()).isPositive();
        }
        Await.until("passt ends", () -> !isAlive(backend.processId()));
    }

    /** Asks for an address and returns the offer's DHCP message. */
    private static byte[] offer(NetGuest guest) {
        guest.provide(32, 2048);
        guest.send(NetGuest.plain(), discover());
        byte[] packet = guest.receive(frame -> dhcp(frame).length > 0);
        byte[] message = dhcp(NetGuest.frameOf(packet));
        assertThat(option(message, 53)).isEqualTo(DHCP_OFFER);
        return message;
    }

    private static byte[] dhcp(byte[] frame) {
        return Packets.udpData(frame, DHCP_CLIENT);
    }

    /** A DHCPDISCOVER (RFC 2131). */
    private static byte[] discover() {
        ByteBuffer message = ByteBuffer.allocate(300);
        message.put((byte) 1).put((byte) 1).put((byte) 6).put((byte) 0).putInt(0x12345678);
        message.position(28);
        message.putShort((short) (MAC.value() >>> 32)).putInt((int) MAC.value());
        message.position(236);
        message.putInt(0x63825363).put((byte) 53).put((byte) 1).put((byte) 1).put((byte) 0xFF);
        byte[] packet = Packets.udp(0, DHCP_CLIENT, -1, DHCP_SERVER, message.array());
        return Packets.ethernet(BROADCAST, MAC, Packets.IPV4, packet);
    }

    @Test
    void gatewayAnswersArp() {
        VirtioNet net = NetGuest.device(posix, OPTIONS, PasstBackend.open(posix, OPTIONS, List.of()));
        try (NetGuest guest = new NetGuest(DeviceHarness.of(net).packed().start())) {
            byte[] message = offer(guest);
            int own = ByteBuffer.wrap(message).getInt(16);
            int gateway = option(message, 3);
            guest.send(NetGuest.plain(), Packets.arpRequest(MAC, own, gateway));

            byte[] reply = NetGuest.frameOf(guest.receive(frame -> frame[12] == 0x08 && frame[13] == 0x06));
            assertThat(ByteBuffer.wrap(reply).getShort(20)).isEqualTo((short) 2);
            assertThat(ByteBuffer.wrap(reply).getInt(28)).isEqualTo(gateway);
        }
    }

    private static int option(byte[] message, int code) {
        ByteBuffer options = ByteBuffer.wrap(message, 240, message.length - 240);
        while (options.hasRemaining()) {
            int next = options.get() & 0xFF;
            if (next == 0) {
                continue;
            }
            int length = options.get() & 0xFF;
            if (next == code) {
                return length == 1 ? options.get() : options.getInt();
            }
            options.position(options.position() + length);
        }
        throw new AssertionError("no option " + code);
    }

    @Test
    void forwardedPortLeadsToTheGuest() throws Exception {
        int port = freePort();
        PortForward forward = PortForward.parse("tcp:127.0.0.1:" + port + ":22");
        VirtioNet net = NetGuest.device(posix, OPTIONS, PasstBackend.open(posix, OPTIONS, List.of(forward)));
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            offer(guest);
            try (Socket client = new Socket()) {
                client.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                byte[] syn = guest.receive(frame -> isSyn(frame, 22));
                assertThat(syn).isNotEmpty();
            }
        }
    }

    private static boolean isSyn(byte[] frame, int port) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        return frame.length >= 54
                && bytes.getShort(12) == Packets.IPV4
                && bytes.get(23) == 6
                && (bytes.getShort(36) & 0xFFFF) == port
                && (bytes.get(47) & 2) != 0;
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void guestIsServedAgainAfterAReset() {
        VirtioNet net = NetGuest.device(posix, OPTIONS, PasstBackend.open(posix, OPTIONS, List.of()));
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            for (int i = 0; i < 5; i++) {
                assertThat(offer(guest)).isNotEmpty();
                guest.restart();
            }
            assertThat(guest.harness().resets()).isEmpty();
        }
    }

    @Test
    void linkGoesDownWhenPasstDies() {
        PasstBackend backend = PasstBackend.open(posix, OPTIONS, List.of());
        VirtioNet net = NetGuest.device(posix, OPTIONS, backend);
        try (NetGuest guest = new NetGuest(DeviceHarness.start(net))) {
            ProcessHandle.of(backend.processId()).orElseThrow().destroyForcibly();

            guest.harness().awaitConfigChanges(1);
            assertThat(net.isLinkUp()).isFalse();
            assertThat(net.lastError()).hasValue("passt has ended");
            net.setLink(true);
            assertThat(net.isLinkUp()).isFalse();
        }
    }

    @Test
    void socketIsNotLeftBehind() throws Exception {
        PasstBackend backend = PasstBackend.open(posix, OPTIONS, List.of());
        try (Stream<Path> files = Files.list(Path.of("/tmp"))) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .noneMatch(name -> name.startsWith("kvmbeans-passt"));
        } finally {
            backend.close();
        }
        assertThat(isAlive(backend.processId())).isFalse();
    }

    @Test
    void reasonIsTheOneThatPasstGives() {
        PortForward notOurs = new PortForward(PortForward.Protocol.TCP, "203.0.113.7", 80, 80);

        assertThatThrownBy(() ->
                        PasstBackend.open(posix, OPTIONS, List.of(notOurs)).close())
                .isInstanceOf(NetBackendException.class)
                .hasMessageContaining("passt does not start");
    }

    @Test
    void forwardsAreReadAndRefused() {
        assertThat(PortForward.parse("udp:0.0.0.0:53:5353"))
                .isEqualTo(new PortForward(PortForward.Protocol.UDP, "0.0.0.0", 53, 5353));
        for (String wrong : Arrays.asList(
                "22", "tcp:127.0.0.1:0:22", "tcp:127.0.0.256:1:1", "tcp:127.0.0.1:1:70000", "sctp:127.0.0.1:1:1")) {
            assertThatThrownBy(() -> PortForward.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static boolean isAlive(long processId) {
        return ProcessHandle.of(processId).map(ProcessHandle::isAlive).orElse(false);
    }
}
