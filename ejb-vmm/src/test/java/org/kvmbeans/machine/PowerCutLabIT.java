package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinitionReader;

/**
 * Debian's own kernel writes to file systems until the power goes, again and again: what it was told to be durable is there
 * when it is back. The guest's init is a shell, for a boot of seconds. Needs hardware KVM and root.
 */
class PowerCutLabIT {
    /** Cuts of the machine; each cuts an ext4 on a disk of every cache mode that promises something, so 20 in all. */
    private static final int CUTS = Integer.getInteger("kvmbeans.powerCuts", 5);

    private static final List<CacheMode> DURABLE = Arrays.stream(CacheMode.values())
            .filter(cache -> cache != CacheMode.UNSAFE)
            .toList();
    private static final int MOST_RECORDS = 40;
    private static final long DISK_BYTES = 48L << 20;
    private static final long SECONDS = 120;
    private static final long SEED = 20251124;
    private static final String TOOLS = "/usr/local/lib/kvmbeans/";
    private static final String ACKNOWLEDGED = " kvmbeans-ack: ";
    private static final Pattern ACKNOWLEDGEMENT = Pattern.compile("disk(\\d)" + ACKNOWLEDGED + "(\\d+)\r?\n");
    private static final Pattern RECORDS = Pattern.compile("\"records\":(\\d+)");

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);
    private final List<Path> images = new ArrayList<>();
    private LabStorage storage;

    @BeforeEach
    void mount() {
        storage = LabStorage.ext4(folder, "storage", (DURABLE.size() + 1) * DISK_BYTES);
    }

    @AfterEach
    void unmount() {
        storage.close();
    }

    @Test
    void acknowledgedRecordsOutlivePowerCuts() {
        int lostSectors = 0;
        long[] acknowledged = new long[DURABLE.size()];
        Arrays.fill(acknowledged, -1);
        DURABLE.forEach(cache -> format());
        VolatileCache media = new VolatileCache(images, random);
        try (MachineServices services = new MachineServices(media.posix());
                DiskGuest guest = guest(services, DURABLE)) {
            for (int cut = 0; cut < CUTS; cut++) {
                start(guest, media);
                checkAndMount(guest, acknowledged);
                write(guest, acknowledged);
                lostSectors += media.cutPower();
                note(guest.console().drain(), acknowledged);
                guest.vm().powerOff();
            }
            start(guest, media);
            checkAndMount(guest, acknowledged);
        }
        System.out.printf(
                "%d power cuts, last records %s over %s, %d sectors lost%n",
                CUTS, Arrays.toString(acknowledged), DURABLE, lostSectors);
        assertThat(Arrays.stream(acknowledged).min().orElseThrow()).isNotNegative();
        assertThat(lostSectors).as("sectors lost by power cuts under load").isPositive();
    }

    /** Shows that the cuts of these tests cut: where flushes are ignored, records are lost. */
    @Test
    void acknowledgedRecordsAreLostWhereFlushesAreIgnored() {
        long[] acknowledged = {-1};
        format();
        VolatileCache medium = new VolatileCache(images, random);
        try (MachineServices services = new MachineServices(medium.posix());
                DiskGuest guest = guest(services, List.of(CacheMode.UNSAFE))) {
            start(guest, medium);
            checkAndMount(guest, acknowledged);
            write(guest, acknowledged);
            medium.cutPower();
            guest.vm().powerOff();

            start(guest, medium);
            guest.command("mkdir /run/disk0; mount /dev/vdb /run/disk0 || true");
            assertThat(records(guest, 0)).isLessThanOrEqualTo(acknowledged[0]);
        }
    }

    private void format() {
        Path image = storage.emptyDisk("disk" + images.size(), DISK_BYTES);
        DiskGuest.run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.toString());
        images.add(image);
    }

    /** Its root is the image that all share, which it cannot change. */
    private DiskGuest guest(MachineServices services, List<CacheMode> caches) {
        Path debian = StockGuest.home().resolve("cache").resolve("disk-guest");
        StringBuilder disks = new StringBuilder();
        for (int i = 0; i < caches.size(); i++) {
            disks.append(",{'name':'disk" + i + "','path':'" + images.get(i) + "','format':'raw','cache':'"
                    + caches.get(i).name().toLowerCase(Locale.ROOT) + "'}");
        }
        String json = "{'name':'power-cut','memory':'128MiB','kernel':'"
                + StockGuest.existing(debian.resolve("vmlinux")) + "','initrd':'"
                + StockGuest.existing(debian.resolve("initrd.img"))
                + "','cmdline':'root=/dev/vda ro init=/bin/sh console=ttyS0 quiet','disks':["
                + "{'name':'vda','path':'" + debian.resolve("disk.raw") + "','format':'raw','readOnly':true}"
                + disks + "]}";
        return DiskGuest.of(
                folder, VmDefinitionReader.readNew(json.replace('\'', '"'), DefinitionLimits.ANY_HOST), services);
    }

    private static void start(DiskGuest guest, VolatileCache media) {
        media.restorePower();
        guest.vm().start();
        guest.awaitShell();
    }

    /** The disk that the guest knows as number {@code index} of those that are written. */
    private static String device(int index) {
        return "/dev/vd" + (char) ('b' + index);
    }

    private static void checkAndMount(DiskGuest guest, long[] acknowledged) {
        for (int i = 0; i < acknowledged.length; i++) {
            String mount = "mount " + device(i) + " /run/disk" + i;
            // The first mount replays the journal; what is then on the disk must need no repair.
            guest.command(
                    "mkdir /run/disk" + i + " && " + mount + " && umount /run/disk" + i + " && e2fsck -f -n "
                            + device(i) + " 2>&1 && " + mount,
                    SECONDS);
            assertThat(records(guest, i))
                    .as("records on the disk with cache %s", DURABLE.get(i))
                    .isGreaterThan(acknowledged[i]);
        }
    }

    private static long records(DiskGuest guest, int index) {
        String said = guest.command(TOOLS + "power-cut-check /run/disk" + index);
        Matcher matcher = RECORDS.matcher(said);
        assertThat(matcher.find()).as(said).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    /** Has the guest write to all disks for a while, and notes the last record of each that it says is acknowledged. */
    private void write(DiskGuest guest, long[] acknowledged) {
        for (int i = 0; i < acknowledged.length; i++) {
            String disk = "/run/disk" + i;
            // Beside the records, what nobody waits for to be durable.
            guest.command("while :; do dd if=/dev/urandom of=" + disk
                    + "/noise bs=16k count=8 conv=notrunc oflag=direct" + "; done >/dev/null 2>&1 &");
            guest.console().type(TOOLS + "power-cut-writer " + disk + " | sed -u 's/^/disk" + i + " /' &");
        }
        StringBuilder heard = new StringBuilder();
        for (int i = acknowledged.length + random.nextInt(MOST_RECORDS); i >= 0; i--) {
            heard.append(guest.console().await(ACKNOWLEDGED, SECONDS));
        }
        heard.append(guest.console().await("\n", SECONDS));
        // Somewhere in between two records.
        LockSupport.parkNanos(random.nextLong(TimeUnit.MILLISECONDS.toNanos(20)));
        note(heard.toString() + guest.console().drain(), acknowledged);
    }

    private static void note(String heard, long[] acknowledged) {
        Matcher matcher = ACKNOWLEDGEMENT.matcher(heard);
        while (matcher.find()) {
            int disk = Integer.parseInt(matcher.group(1));
            acknowledged[disk] = Math.max(acknowledged[disk], Long.parseLong(matcher.group(2)));
        }
    }
}
