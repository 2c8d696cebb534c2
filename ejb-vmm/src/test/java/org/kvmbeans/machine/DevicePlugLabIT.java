package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.machine.definition.DiskDefinition;
import org.kvmbeans.machine.definition.NicDefinition;
import org.kvmbeans.machine.device.DeviceState;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.machine.device.VmNic;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.block.ErrorPolicy;
import org.kvmbeans.virtio.spi.RateLimits;

/** An unmodified Debian takes, uses and gives back disks and NICs while it runs; one boot serves all rules. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DevicePlugLabIT {
    private static final JnaPosix POSIX = new JnaPosix();
    private static final MachineServices SERVICES = new MachineServices(POSIX);
    private static final long MIB = 1 << 20;
    private static final long SECONDS = 60;
    private static final String MAC = "52:54:00:00:77:02";
    private static final String HOST_ADDRESS = "192.168.77.1";
    private static final String GUEST_ADDRESS = "192.168.77.2";
    private static final int ECHO_PORT = 5000;

    @TempDir
    static Path folder;

    private static DiskGuest guest;
    private static final RecordedParts PARTS = new RecordedParts();

    @BeforeAll
    static void boot() {
        guest = DiskGuest.of(folder, SERVICES, "", "", List.of());
        guest.vm().addListener(PARTS);
        guest.boot();
    }

    @AfterAll
    static void close() {
        guest.close();
        SERVICES.close();
    }

    @Test
    @Order(1)
    void diskIsAddedUsedRemovedAndAddedAgain() {
        Path image = DiskGuest.emptyDisk(folder.resolve("plug.raw"), 64 * MIB);
        VmDisk disk = add("plug", image);
        guest.command("mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt");
        guest.command("head -c 16M /dev/urandom > /mnt/noise && sync");
        String written = guest.command("sha256sum < /mnt/noise");
        long readBefore = toGuest(disk);

        String read = guest.command("echo 3 > /proc/sys/vm/drop_caches && sha256sum < /mnt/noise");

        assertThat(read).isEqualTo(written);
        assertThat(toGuest(disk) - readBefore).isGreaterThanOrEqualTo(16 * MIB);
        guest.command("umount /mnt");
        remove("plug");
        guest.command("[ ! -e /dev/vdb ]");
        assertThat(disk.state()).isEqualTo(DeviceState.DETACHED);
        assertFree(image);

        add("plug", image);
        assertThat(guest.command("mount /dev/vdb /mnt && sha256sum < /mnt/noise && umount /mnt"))
                .isEqualTo(written);
        remove("plug");
        assertThat(PARTS.events()).endsWith("+plug", "-plug", "+plug", "-plug");
    }

    @Test
    @Order(2)
    void nicIsAddedUsedAndRemoved() throws IOException {
        guest.command("mkdir -p /run/systemd/network && printf '[Match]\\nMACAddress=" + MAC + "\\n[Network]\\nAddress="
                + GUEST_ADDRESS + "/24\\n'"
                + " > /run/systemd/network/05-plug.network && systemctl restart systemd-networkd");
        guest.vm()
                .addNic(new NicDefinition(
                        "plug",
                        NicDefinition.Backend.TAP,
                        MAC,
                        "",
                        "",
                        1,
                        NicDefinition.STANDARD_MTU,
                        false,
                        List.of(),
                        RateLimits.NONE,
                        RateLimits.NONE));
        VmNic nic = (VmNic) device("plug");
        String tap = nic.hostInterface();
        DiskGuest.run("ip", "address", "add", HOST_ADDRESS + "/24", "dev", tap);
        DiskGuest.run("ip", "link", "set", tap, "up");

        guest.await("grep -qs " + MAC + " /sys/class/net/*/address");
        guest.await("ping -c 1 -W 1 " + HOST_ADDRESS + " > /dev/null");
        guest.command("socat TCP-LISTEN:" + ECHO_PORT + " EXEC:cat & until ss -tln | grep -q :" + ECHO_PORT
                + "; do sleep 0.1; done");
        assertEchoes("through the hot-added NIC");
        assertThat(nic.state()).isEqualTo(DeviceState.ACTIVE);
        assertThat(nic.statistics().receivedPackets()).isPositive();
        assertThat(nic.statistics().transmittedPackets()).isPositive();

        guest.vm().removeNic("plug");
        awaitGone("plug");
        guest.command("! grep -qs " + MAC + " /sys/class/net/*/address");
        assertThat(Path.of("/sys/class/net", tap)).doesNotExist();
        assertThat(PARTS.events()).endsWith("+plug", "-plug");
    }

    private static void assertEchoes(String words) throws IOException {
        byte[] sent = words.getBytes(StandardCharsets.UTF_8);
        try (Socket socket = new Socket(GUEST_ADDRESS, ECHO_PORT)) {
            socket.getOutputStream().write(sent);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(sent);
        }
    }

    @Test
    @Order(3)
    void guestSeesItsDiskGrowAndShrink() {
        VmDisk disk = add("size", DiskGuest.emptyDisk(folder.resolve("size.raw"), 64 * MIB));
        guest.command("mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt");

        disk.resize(128 * MIB);
        awaitSize(128 * MIB);
        guest.command("resize2fs /dev/vdb > /dev/null 2>&1");
        assertThat(Long.parseLong(guest.command("df -B1 --output=size /mnt | tail -1")))
                .isGreaterThan(100 * MIB);

        guest.command("umount /mnt");
        disk.resize(32 * MIB);
        awaitSize(32 * MIB);
        assertThat(disk.sizeBytes()).isEqualTo(32 * MIB);
        remove("size");
    }

    private static void awaitSize(long bytes) {
        guest.await("[ $(lsblk -bdno SIZE /dev/vdb) = " + bytes + " ]");
    }

    @Test
    @Order(4)
    void limitsOfADiskFollowTheOperatorWhileItIsUsed() {
        VmDisk disk = add("slow", DiskGuest.emptyDisk(folder.resolve("slow.raw"), 64 * MIB));
        writeDirectly(disk, 8);
        assertThat(throttledNanos(disk)).isZero();

        guest.vm().limitDisk("slow", new RateLimits(8 * MIB, MIB, 0, 0));
        writeDirectly(disk, 8);
        long throttledByBytes = throttledNanos(disk);
        assertThat(throttledByBytes).isPositive();

        // At this rate it would take two days: that it ends is the lifted limit's doing.
        guest.vm().limitDisk("slow", new RateLimits(0, 0, 1, 1));
        guest.command("dd if=/dev/zero of=/dev/vdb bs=512 count=100000 oflag=direct status=none & writer=$!");
        long before = fromGuest(disk);
        Waiting.until("a request that waits", SECONDS, () -> fromGuest(disk) > before + 512);
        guest.command("kill -0 $writer");
        assertThat(throttledNanos(disk)).isGreaterThan(throttledByBytes);
        guest.vm().limitDisk("slow", RateLimits.NONE);
        guest.command("kill $writer; wait $writer; true");
        long throttled = throttledNanos(disk);
        writeDirectly(disk, 8);
        assertThat(throttledNanos(disk)).isEqualTo(throttled);
        remove("slow");
    }

    private static void writeDirectly(VmDisk disk, int mebibytes) {
        long before = fromGuest(disk);
        guest.command("dd if=/dev/zero of=/dev/vdb bs=1M count=" + mebibytes + " oflag=direct status=none");
        assertThat(fromGuest(disk) - before).isGreaterThanOrEqualTo(mebibytes * MIB);
    }

    @Test
    @Order(5)
    void mountedDiskThatIsRemovedLeavesNothingBehindAtPowerOff() throws IOException {
        Path image = DiskGuest.emptyDisk(folder.resolve("mounted.raw"), 64 * MIB);
        add("mounted", image);
        guest.command("mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt && head -c 8M /dev/zero > /mnt/unsynced");

        guest.vm().removeDisk("mounted");
        guest.vm().powerOff();

        assertThat(guest.vm().devices()).extracting(VmDevice::name).doesNotContain("mounted");
        assertThat(PARTS.events()).endsWith("+mounted", "-mounted");
        assertFree(image);
        assertThat(openFiles()).noneMatch(file -> file.startsWith(folder.toString()));
        Waiting.until(
                "its threads ended",
                SECONDS,
                () -> Thread.getAllStackTraces().keySet().stream()
                        .map(Thread::getName)
                        .noneMatch(name -> name.contains("disk-guest") || name.contains("mounted")));
    }

    private static List<String> openFiles() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.map(DevicePlugLabIT::target).toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed since it was listed
        }
    }

    private static VmDisk add(String name, Path image) {
        guest.vm()
                .addDisk(new DiskDefinition(
                        name,
                        image,
                        DiskFormat.RAW,
                        false,
                        CacheMode.WRITEBACK,
                        "serial-" + name,
                        1,
                        512,
                        true,
                        ErrorPolicy.REPORT,
                        RateLimits.NONE,
                        ""));
        guest.await("[ -b /dev/disk/by-id/virtio-serial-" + name + " ]");
        VmDisk disk = (VmDisk) device(name);
        assertThat(disk.state()).isEqualTo(DeviceState.ACTIVE);
        return disk;
    }

    private static void remove(String name) {
        guest.vm().removeDisk(name);
        awaitGone(name);
    }

    private static void awaitGone(String name) {
        Waiting.until(
                name + " given back by the guest",
                SECONDS,
                () -> guest.vm().devices().stream()
                        .noneMatch(device -> device.name().equals(name)));
    }

    private static VmDevice device(String name) {
        return guest.vm().devices().stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Nobody holds an image, and its lock, any more. */
    private static void assertFree(Path image) {
        assertThatCode(() -> DiskImages.open(
                                POSIX,
                                image.toString(),
                                DiskFormat.RAW,
                                new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK))
                        .close())
                .doesNotThrowAnyException();
    }

    private static long toGuest(VmDisk disk) {
        return queue(disk).counters().bytesToGuest();
    }

    private static long fromGuest(VmDisk disk) {
        return queue(disk).counters().bytesFromGuest();
    }

    private static long throttledNanos(VmDisk disk) {
        return queue(disk).counters().throttledNanos();
    }

    private static QueueMonitor queue(VmDisk disk) {
        return disk.queues().get(0);
    }
}
