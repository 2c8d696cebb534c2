package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.machine.device.QueueMonitor;
import org.kvmbeans.machine.device.VmDisk;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.block.BlockOperation;

/**
 * An unmodified Debian uses disks of every kind, which are added to it while it runs: one boot for all. Needs hardware
 * KVM and root.
 */
class DiskLabIT {
    /**
     * What is written and verified over each cache mode. Emulated, 1 GiB takes minutes each, so less is written
     * unless {@code -Dkvmbeans.verifyBytes=1073741824} asks for it.
     */
    private static final long VERIFY_BYTES = Long.getLong("kvmbeans.verifyBytes", 64L << 20);

    private static final long VERIFY_SECONDS = 900;
    private static final long DISK_BYTES = 64L << 20;
    private static final long WRITTEN_BYTES = 32L << 20;
    private static final MachineServices SERVICES = new MachineServices(new JnaPosix());

    @TempDir
    static Path folder;

    private static LabStorage storage;
    private static DiskGuest guest;

    @BeforeAll
    static void boot() {
        storage = LabStorage.ext4(folder, "storage", 2 * VERIFY_BYTES + (1L << 30));
        guest = DiskGuest.of(folder, SERVICES, "'vcpus':2", "", List.of()).boot();
    }

    @AfterAll
    static void close() {
        if (guest != null) {
            guest.close();
        }
        SERVICES.close();
        if (storage != null) {
            storage.close();
        }
    }

    /**
     * Adds a disk to the running guest and waits until that has found it.
     *
     * @param more further keys of its definition, single-quoted; or empty
     */
    private static VmDisk plug(String name, Path path, String more) {
        String json = "{'name':'" + name + "','serial':'" + name + "','path':'" + path + "','format':'raw'"
                + (more.isEmpty() ? "" : "," + more) + "}";
        guest.vm().addDisk(VmDefinitionReader.readDisk(json.replace('\'', '"')));
        guest.command("for i in $(seq 300); do test -b " + device(name) + " && break; sleep 0.1; done; test -b "
                + device(name));
        return guest.vm().devices().stream()
                .filter(device -> device.name().equals(name))
                .map(VmDisk.class::cast)
                .findFirst()
                .orElseThrow();
    }

    /** As udev names it by its serial number, which is its name here. */
    private static String device(String name) {
        return "/dev/disk/by-id/virtio-" + name;
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    void verifiesRandomWritesWithFlushes(CacheMode cache) {
        String name = cache.name().toLowerCase(Locale.ROOT);
        VmDisk disk = plug(name, storage.emptyDisk(name, VERIFY_BYTES), "'cache':'" + name + "'");

        long started = System.nanoTime();
        String said = guest.command(
                "/usr/local/lib/kvmbeans/verify-disk " + device(name) + " " + VERIFY_BYTES, VERIFY_SECONDS);
        System.out.printf(
                "%s: %d MiB written and verified in %.1f s%n",
                name, VERIFY_BYTES >> 20, (System.nanoTime() - started) / 1e9);

        assertThat(said).contains("\"bytes\":" + VERIFY_BYTES);
        assertThat(disk.blockCounters().bytes(BlockOperation.WRITE)).isGreaterThanOrEqualTo(VERIFY_BYTES);
        assertThat(disk.blockCounters().bytes(BlockOperation.READ)).isGreaterThanOrEqualTo(VERIFY_BYTES);
        assertThat(disk.blockCounters().operations(BlockOperation.FLUSH)).isPositive();
        assertThat(disk.allocatedBytes()).isGreaterThanOrEqualTo(VERIFY_BYTES);

        guest.command("blkdiscard " + device(name));
        assertThat(disk.allocatedBytes()).isLessThan(VERIFY_BYTES / 64);
    }

    @Test
    void everyQueueOfADiskIsUsed() {
        VmDisk disk = plug("queues", storage.emptyDisk("queues", DISK_BYTES), "'cache':'none','queues':2");

        assertThat(guest.command("ls -d /sys/block/$(basename $(readlink -f " + device("queues") + "))/mq/* | wc -l"))
                .isEqualTo("2");
        for (int cpu = 0; cpu < 2; cpu++) {
            guest.command("taskset -c " + cpu + " dd if=/dev/zero of=" + device("queues")
                    + " bs=64k count=64 oflag=direct status=none");
        }

        assertThat(disk.queues()).hasSize(2).allSatisfy(queue -> {
            assertThat(queue.enabled()).isTrue();
            assertThat(queue.counters().bytesFromGuest()).isGreaterThanOrEqualTo(4L << 20);
        });
    }

    @Test
    void readOnlyDiskCannotBeWritten() {
        Path image = storage.emptyDisk("fixed", DISK_BYTES);
        VmDisk disk = plug("fixed", image, "'readOnly':true");

        assertThat(guest.command("blockdev --getro " + device("fixed"))).isEqualTo("1");
        assertThat(guest.command("! dd if=/dev/urandom of=" + device("fixed") + " bs=4k count=1 oflag=direct 2>&1"))
                .containsAnyOf("Operation not permitted", "Read-only file system");
        // Not even one whose driver has forgotten that it is read-only.
        guest.command("blockdev --setrw " + device("fixed"));
        guest.command("dd if=/dev/urandom of=" + device("fixed") + " bs=4k count=1 oflag=direct 2>&1 || true");
        assertThat(DiskGuest.run("cmp", "--bytes=" + DISK_BYTES, image.toString(), "/dev/zero"))
                .isEmpty();
        assertThat(disk.blockCounters().operations(BlockOperation.WRITE)).isZero();
    }

    @Test
    void trimmedSpaceGoesBackToTheHost() {
        VmDisk disk = plug("trimmed", storage.emptyDisk("trimmed", 4 * DISK_BYTES), "");
        guest.command("mkfs.ext4 -q " + device("trimmed") + " && mount " + device("trimmed") + " /mnt");
        guest.command("dd if=/dev/urandom of=/mnt/file bs=1M count=64 status=none && sync /mnt/file");
        long full = disk.allocatedBytes();

        guest.command("rm /mnt/file && sync && fstrim /mnt && umount /mnt");

        assertThat(full).isGreaterThanOrEqualTo(DISK_BYTES);
        assertThat(disk.allocatedBytes()).isLessThan(full - DISK_BYTES * 9 / 10);
    }

    @Test
    void fullStoragePausesTheGuestUntilThereIsRoom() {
        try (LabStorage small = LabStorage.tmpfs(folder, "small", WRITTEN_BYTES / 4)) {
            Path image = small.emptyDisk("filled", DISK_BYTES);
            VmDisk disk = plug("filled", image, "'onError':'stop'");
            guest.command("head -c " + WRITTEN_BYTES + " /dev/urandom >/run/noise");
            // In the background of a shell that ends: this one would tell of its end.
            guest.command("((dd if=/run/noise of=" + device("filled")
                    + " bs=1M oflag=direct status=none; echo $? >/run/dd-status) >/run/dd-log 2>&1 &)");

            Waiting.until("a pause for want of room", 60, () -> guest.vm().state() == VmState.PAUSED);
            assertThat(guest.vm().lastError()).contains("filled").contains("ENOSPC");
            small.resizeTmpfs(2 * WRITTEN_BYTES);
            guest.vm().resume();

            assertThat(guest.command(
                            "while test ! -s /run/dd-status; do sleep 0.1; done; cat /run/dd-status /run/dd-log"))
                    .isEqualTo("0");
            String written = guest.command("sha256sum </run/noise");
            assertThat(DiskGuest.run("sh", "-c", "head -c " + WRITTEN_BYTES + " " + image + " | sha256sum")
                            .strip())
                    .isEqualTo(written);
            assertThat(disk.blockCounters().errors(BlockOperation.WRITE)).isPositive();
            unplug(disk);
        }
    }

    @Test
    void errorsOfTheMediumAreReportedToTheGuest() {
        try (FailingDevice device = FailingDevice.create(folder, "failing", DISK_BYTES)) {
            VmDisk disk = plug("failing", device.path(), "'cache':'none'");
            String write = "dd if=/run/block of=" + device("failing") + " bs=4k count=1 oflag=direct 2>&1";
            guest.command("head -c 4096 /dev/urandom >/run/block && " + write);

            device.fail();
            assertThat(guest.command("! " + write)).contains("Input/output error");
            assertThat(guest.command("! dd if=" + device("failing") + " of=/dev/null bs=4k count=1 iflag=direct 2>&1"))
                    .contains("Input/output error");
            assertThat(disk.lastError()).contains(device.path().toString()).contains("EIO");
            assertThat(guest.vm().state()).isEqualTo(VmState.RUNNING);

            device.mend();
            guest.command("cmp --bytes=4096 /run/block " + device("failing"));
            unplug(disk);
        }
    }

    @Test
    void errorsOfTheMediumAreIgnoredWhereTheDefinitionSaysSo() {
        try (FailingDevice device = FailingDevice.create(folder, "ignored", DISK_BYTES)) {
            VmDisk disk = plug("ignored", device.path(), "'onError':'ignore'");

            device.fail();
            guest.command("dd if=/dev/urandom of=" + device("ignored") + " bs=4k count=1 oflag=direct,sync 2>&1");

            // Of the write, or of the flush behind it.
            assertThat(disk.lastError()).contains(device.path().toString());
            device.mend();
            unplug(disk);
        }
    }

    /** Has the guest give a disk back, so that the host has its storage back. */
    private static void unplug(VmDisk disk) {
        guest.vm().removeDisk(disk.name());
        Waiting.until(
                "the guest to give " + disk.name() + " back",
                60,
                () -> !guest.vm().devices().contains(disk));
    }

    @Test
    void noExitOfTheDataPathReachesTheMonitor() {
        VmDisk disk = plug("exits", storage.emptyDisk("exits", DISK_BYTES), "'cache':'none','queues':2");
        long requestsBefore = requests(disk);
        Map<String, Long> exitsBefore = exits();

        guest.command("fio --name=exits --filename=" + device("exits") + " --rw=randrw --bs=4k --direct=1 "
                + "--ioengine=libaio --iodepth=8 --size=" + WRITTEN_BYTES + " >/run/exits.log");

        long requests = requests(disk) - requestsBefore;
        Map<String, Long> exits = exits();
        exitsBefore.forEach((reason, count) -> exits.merge(reason, -count, Long::sum));
        System.out.println("exits that reached Java during " + requests + " requests: " + exits);
        assertThat(requests).isGreaterThanOrEqualTo(WRITTEN_BYTES / 4096);
        // What is left is the serial line, on which the command was typed.
        assertThat(exits.getOrDefault("MMIO", 0L)).isZero();
        assertThat(exits.values().stream().mapToLong(Long::longValue).sum()).isLessThan(requests / 4);
    }

    private static long requests(VmDisk disk) {
        return disk.queues().stream()
                .map(QueueMonitor::counters)
                .mapToLong(counters -> counters.requestsTotal())
                .sum();
    }

    private static Map<String, Long> exits() {
        Map<String, Long> exits = new TreeMap<>();
        for (Vcpu vcpu : guest.vm().vcpus()) {
            vcpu.exitTotals().forEach((reason, totals) -> exits.merge(reason, totals.count(), Long::sum));
        }
        return exits;
    }
}
