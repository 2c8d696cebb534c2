package org.kvmbeans.block.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * An iSCSI target of the lab with a LUN of 64 MiB behind two portals, and this host's initiator; made in configfs as
 * targetcli makes it.
 */
final class IscsiServer implements NetworkServer {
    static final Path BELOW = Path.of("/run/storage/lun.raw");
    private static final int BYTES = 64 << 20;

    private static final String TARGET = "iqn.2026-11.org.kvmbeans:storage";
    private static final String INITIATOR = "iqn.2026-11.org.kvmbeans:host1";
    private static final String BACKSTORE = "/sys/kernel/config/target/core/iblock_0/vm1";
    private static final String GROUP = "/sys/kernel/config/target/iscsi/" + TARGET + "/tpgt_1";

    private final Undo undo = new Undo();
    private final List<String> portals;

    /** @param portals which of 10.99.0.1 and 10.99.0.2 the initiator uses */
    IscsiServer(List<String> portals) throws IOException {
        this.portals = portals;
        undo.orClose(() -> {
            makeNetwork();
            makeTarget();
            logIn();
        });
    }

    private void makeNetwork() throws IOException {
        // What is sent to a portal that has lost its address must not leave the lab.
        undo.sh("ip route add blackhole 10.99.0.0/24", "ip route del blackhole 10.99.0.0/24");
        for (String portal : List.of("10.99.0.1", "10.99.0.2")) {
            raise(portal);
            undo.later("ip address del " + portal + "/32 dev lo");
        }
    }

    private void makeTarget() throws IOException {
        undo.sh("truncate -s " + BYTES + " " + BELOW, "rm " + BELOW);
        String device = Undo.sh("losetup --find --show " + BELOW).strip();
        undo.later("losetup --detach " + device);
        undo.sh("mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config", "true");
        undo.sh("""
                mkdir -p %1$s
                echo udev_path=%2$s >%1$s/control
                echo 6f0f0a8e-0000-4000-8000-000000000001 >%1$s/wwn/vpd_unit_serial
                echo 1 >%1$s/enable
                echo 1 >%1$s/attrib/emulate_tpu
                """.formatted(BACKSTORE, device), "rmdir %1$s\nrmdir $(dirname %1$s)".formatted(BACKSTORE));
        undo.sh("""
                mkdir -p /sys/kernel/config/target/iscsi
                mkdir -p %1$s
                mkdir -p %1$s/lun/lun_0 %1$s/np/10.99.0.{1,2}:3260 %1$s/acls/%2$s/lun_0
                ln -s %3$s %1$s/lun/lun_0/port
                ln -s %1$s/lun/lun_0 %1$s/acls/%2$s/lun_0/lun
                echo 0 >%1$s/attrib/authentication
                echo 1 >%1$s/enable
                """.formatted(GROUP, INITIATOR, BACKSTORE), """
                echo 0 >%1$s/enable
                rm %1$s/acls/%2$s/lun_0/lun
                rmdir %1$s/acls/%2$s/lun_0 %1$s/acls/%2$s
                rm %1$s/lun/lun_0/port
                rmdir %1$s/lun/lun_0 %1$s/np/* %1$s $(dirname %1$s)
                """.formatted(GROUP, INITIATOR));
    }

    private void logIn() throws IOException {
        undo.sh(
                """
                mkdir -p /run/lock/iscsi
                echo InitiatorName=%s >/etc/iscsi/initiatorname.iscsi
                /lib/systemd/systemd-udevd --daemon
                iscsid
                iscsiadm -m discovery -t sendtargets -p 10.99.0.1
                iscsiadm -m node -o update -n node.conn[0].timeo.noop_out_interval -v 1
                iscsiadm -m node -o update -n node.conn[0].timeo.noop_out_timeout -v 2
                iscsiadm -m node -o update -n node.session.timeo.replacement_timeout -v 86400
                """.formatted(INITIATOR),
                "pkill -x iscsid\npkill -x systemd-udevd\nrm -rf /etc/iscsi/nodes /etc/iscsi/send_targets");
        for (String portal : portals) {
            undo.sh(
                    "iscsiadm -m node -T %s -p %s --login".formatted(TARGET, portal),
                    "iscsiadm -m node -T %s -p %s --logout".formatted(TARGET, portal));
        }
        Undo.sh("udevadm settle --timeout=30");
    }

    /** The LUN through the first portal. */
    Path device() {
        return Path.of("/dev/disk/by-path/ip-" + portals.get(0) + ":3260-iscsi-" + TARGET + "-lun-0");
    }

    /** Gives the LUN a larger size, and lets this host see it. */
    void resize(long bytes) throws IOException {
        Undo.sh("truncate -s %d %s; losetup --set-capacity $(losetup -nO NAME -j %2$s); iscsiadm -m session --rescan"
                .formatted(bytes, BELOW));
    }

    void cut(String portal) throws IOException {
        Undo.sh("ip address del " + portal + "/32 dev lo");
    }

    void raise(String portal) throws IOException {
        Undo.sh("ip address add " + portal + "/32 dev lo");
    }

    @Override
    public void stop() throws IOException {
        for (String portal : portals) {
            cut(portal);
        }
    }

    @Override
    public void start() throws IOException {
        for (String portal : portals) {
            raise(portal);
        }
    }

    @Override
    public void close() throws IOException {
        undo.close();
    }
}
