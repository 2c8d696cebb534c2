package org.kvmbeans.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.kvmbeans.machine.device.VmNic;

/**
 * The disk guest with a NIC of each kind, and the host's side of them: a bridge with an address for the two that have a
 * TAP. The networks are RFC 2544's.
 */
final class NetGuest implements AutoCloseable {
    /** The port on the host's loopback that passt forwards, and where to. */
    static final int FORWARDED_TO = 8000;

    private static final String STATIC =
            "printf '[Match]\\nMACAddress=%s\\n[Network]\\nAddress=%s/24\\n'" + " >/run/systemd/network/05-%s.network";

    /** The guest's NICs. The one of our own threads has large packets. */
    enum Nic {
        VHOST("52:54:00:12:00:01", 1500, "198.18.201"),
        TAP("52:54:00:12:00:02", 9000, "198.18.202"),
        USER("52:54:00:12:00:03", 1500, "");

        private final String mac;
        private final int mtu;
        private final String network;

        Nic(String mac, int mtu, String network) {
            this.mac = mac;
            this.mtu = mtu;
            this.network = network;
        }

        /** Its name in the definition, and its back end's. */
        String key() {
            return name().toLowerCase(Locale.ROOT);
        }

        String mac() {
            return mac;
        }

        String bridge() {
            return "br-" + key();
        }

        String hostAddress() {
            return network + ".1";
        }

        String guestAddress() {
            return network + ".2";
        }
    }

    private final DiskGuest guest;
    private final int forwardedPort;
    /** The guest's own names of its interfaces. */
    private final Map<Nic, String> interfaces = new HashMap<>();

    private NetGuest(DiskGuest guest, int forwardedPort) {
        this.guest = guest;
        this.forwardedPort = forwardedPort;
    }

    /** Makes the bridges, boots the guest and gives its interfaces their addresses. */
    static NetGuest boot(Path folder, MachineServices services) {
        addBridge(Nic.VHOST);
        addBridge(Nic.TAP);
        int port = freePort();
        String nics = "'vcpus':2,'nics':[" + onBridge(Nic.VHOST) + "," + onBridge(Nic.TAP) + ",{'name':'user','mac':'"
                + Nic.USER.mac + "','backend':'user','forwards':['tcp:127.0.0.1:" + port + ":" + FORWARDED_TO + "']}]";
        NetGuest guest = new NetGuest(DiskGuest.of(folder, services, nics, "", List.of()), port);
        try {
            guest.guest.boot();
            guest.configure();
        } catch (RuntimeException | Error e) {
            guest.close();
            throw e;
        }
        return guest;
    }

    private static void addBridge(Nic nic) {
        DiskGuest.run("ip", "link", "add", nic.bridge(), "type", "bridge");
        DiskGuest.run("ip", "address", "add", nic.hostAddress() + "/24", "dev", nic.bridge());
        DiskGuest.run("ip", "link", "set", nic.bridge(), "up");
    }

    private static String onBridge(Nic nic) {
        return "{'name':'%s','backend':'%s','mac':'%s','bridge':'%s','queues':2,'mtu':%d}"
                .formatted(nic.key(), nic.key(), nic.mac, nic.bridge(), nic.mtu);
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void configure() {
        for (Nic nic : Nic.values()) {
            interfaces.put(
                    nic, guest.command("basename $(dirname $(grep -l " + nic.mac + " /sys/class/net/*/address))"));
        }
        guest.command("mkdir -p /run/systemd/network");
        for (Nic nic : List.of(Nic.VHOST, Nic.TAP)) {
            guest.command(STATIC.formatted(nic.mac, nic.guestAddress(), nic.key()));
        }
        guest.command("systemctl restart systemd-networkd");
        awaitAnswer(Nic.VHOST);
        awaitAnswer(Nic.TAP);
    }

    /** Waits until the host's address answers. */
    void awaitAnswer(Nic nic) {
        awaitInGuest("ping -q -c 1 -W 1 " + nic.hostAddress() + " >/dev/null");
    }

    /** Waits until a command in the guest ends well. */
    void awaitInGuest(String condition) {
        command("for i in $(seq 150); do ! { " + condition + "; } || break; sleep 0.2; done; " + condition);
    }

    /** Runs a command in the guest; {@code %TAP%} and its kin stand for the names of the interfaces there. */
    String command(String command) {
        return guest.command(resolved(command));
    }

    String command(String command, long seconds) {
        return guest.command(resolved(command), seconds);
    }

    private String resolved(String command) {
        String resolved = command;
        for (Map.Entry<Nic, String> each : interfaces.entrySet()) {
            resolved = resolved.replace("%" + each.getKey() + "%", each.getValue());
        }
        return resolved;
    }

    DiskGuest machine() {
        return guest;
    }

    VirtualMachine vm() {
        return guest.vm();
    }

    VmNic nic(Nic nic) {
        return (VmNic) vm().devices().stream()
                .filter(device -> device.name().equals(nic.key()))
                .findFirst()
                .orElseThrow();
    }

    /** The port of the host's loopback that leads to the guest's {@link #FORWARDED_TO}. */
    int forwardedPort() {
        return forwardedPort;
    }

    /** All exits of vCPUs to this process so far. */
    long exits() {
        return vm().vcpus().stream().mapToLong(Vcpu::exitsTotal).sum();
    }

    @Override
    public void close() {
        guest.close();
        DiskGuest.run("ip", "link", "delete", Nic.VHOST.bridge());
        DiskGuest.run("ip", "link", "delete", Nic.TAP.bridge());
    }
}
