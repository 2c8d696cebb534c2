package org.kvmbeans.virtio.net.tap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.kvmbeans.virtio.net.MacAddress;
import org.kvmbeans.virtio.net.Packets;
import org.kvmbeans.virtio.testdriver.Await;

/** The host at the other end of a TAP interface: an address in a network of its own (RFC 2544), and a UDP socket. */
final class HostSide implements AutoCloseable {
    static final int GUEST_PORT = 4711;

    /** Each has its own network 198.18.n.0/24, this process's id in it, for tests that run at once. */
    private static final AtomicInteger NETWORKS =
            new AtomicInteger((int) ProcessHandle.current().pid() % 200);

    private final String tap;
    private final MacAddress mac;
    private final MacAddress guestMac;
    private final int hostIp;
    private final int guestIp;
    private final DatagramSocket socket;

    HostSide(String tap, MacAddress guestMac) throws Exception {
        this.tap = tap;
        this.guestMac = guestMac;
        int network = (198 << 24) | (18 << 16) | ((NETWORKS.getAndIncrement() & 0xFF) << 8);
        hostIp = network | 1;
        guestIp = network | 2;
        // Nothing of the host's own accord on this interface.
        Path ipv6 = Path.of("/proc/sys/net/ipv6/conf", tap, "disable_ipv6");
        if (Files.exists(ipv6)) {
            Files.writeString(ipv6, "1");
        }
        ip("address", "add", text(hostIp) + "/24", "dev", tap);
        ip("neighbour", "replace", text(guestIp), "lladdr", guestMac.toString(), "dev", tap);
        mac = MacAddress.parse(
                Files.readString(Path.of("/sys/class/net", tap, "address")).strip());
        socket = new DatagramSocket(new InetSocketAddress(address(hostIp), 0));
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Await.SECONDS));
    }

    private static void ip(String... arguments) throws Exception {
        run(Stream.concat(Stream.of("ip"), Arrays.stream(arguments)).toList());
    }

    /** Runs a command, which must succeed; what it printed. */
    static String run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(command + ": " + output);
        }
        return output;
    }

    private static String text(int ip) {
        return address(ip).getHostAddress();
    }

    private static InetAddress address(int ip) {
        try {
            return InetAddress.getByAddress(
                    ByteBuffer.allocate(Integer.BYTES).putInt(ip).array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String tap() {
        return tap;
    }

    /** A frame from the guest with a datagram for the host's socket. */
    byte[] frameToHost(byte[] data) {
        return frameToHost(guestMac, data);
    }

    byte[] frameToHost(MacAddress from, byte[] data) {
        return Packets.ethernet(
                mac, from, Packets.IPV4, Packets.udp(guestIp, GUEST_PORT, hostIp, socket.getLocalPort(), data));
    }

    /** The same, with the checksum for the device to complete. */
    byte[] frameToComplete(byte[] data) {
        return Packets.ethernet(
                mac,
                guestMac,
                Packets.IPV4,
                Packets.udpToComplete(guestIp, GUEST_PORT, hostIp, socket.getLocalPort(), data));
    }

    /** The next datagram that came from the guest. */
    byte[] receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[1 << 16], 1 << 16);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    /** Sends the guest a datagram. */
    void send(byte[] data) throws IOException {
        socket.send(new DatagramPacket(data, data.length, address(guestIp), GUEST_PORT));
    }

    @Override
    public void close() {
        socket.close();
    }
}
