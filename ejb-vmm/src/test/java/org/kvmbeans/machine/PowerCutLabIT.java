package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.CacheMode.Durability;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinitionReader;

/**
 * Debian's own kernel writes to an ext4 until the power goes, again and again: what it was told to be durable is there when
 * it is back. The guest's init is a shell, for a boot of seconds. Needs hardware KVM and root.
 */
class PowerCutLabIT {
    /** For each cache mode that promises something: 20 in all. */
    private static final int CUTS = 5;

    private static final int MOST_RECORDS = 15;
    private static final long DISK_BYTES = 96L << 20;
    private static final long SECONDS = 60;
    private static final long SEED = 20251124;
    private static final String TOOLS = "/usr/local/lib/kvmbeans/";
    private static final String ACKNOWLEDGED = "kvmbeans-ack: ";
    private static final Pattern ACKNOWLEDGEMENT = Pattern.compile(ACKNOWLEDGED + "(\\d+)\r?\n");

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);
    private LabStorage storage;

    @BeforeEach
    void mount() {
        storage = LabStorage.ext4(folder, "storage", 2 * DISK_BYTES);
    }

    @AfterEach
    void unmount() {
        storage.close();
    }

    @ParameterizedTest
    @EnumSource(value = CacheMode.class, names = "UNSAFE", mode = EnumSource.Mode.EXCLUDE)
    void acknowledgedRecordsOutlivePowerCuts(CacheMode cache) {
        Path image = formatted();
        VolatileCache medium = new VolatileCache(image, random);
        int lostSectors = 0;
        long acknowledged = -1;
        try (MachineServices services = new MachineServices(medium.posix());
                DiskGuest guest = guest(services, image, cache)) {
            for (int cut = 0; cut <= CUTS; cut++) {
                start(guest, medium);
                // The first mount replays the journal; what is then on the disk must need no repair.
                guest.command("mount /dev/vdb /mnt && umount /mnt && e2fsck -f -n /dev/vdb", SECONDS);
                guest.command("mount /dev/vdb /mnt");
                long records = records(guest);
                assertThat(records).as("records after cut " + cut).isGreaterThan(acknowledged);
                if (cut == CUTS) {
                    break;
                }
                acknowledged = Math.max(acknowledged, writeUntilCut(guest));
                lostSectors += medium.cutPower();
                acknowledged =
                        Math.max(acknowledged, lastAcknowledged(guest.console().drain()));
                guest.vm().powerOff();
            }
        }
        System.out.printf(
                "%s: %d power cuts, %d records acknowledged, %d sectors lost%n",
                cache, CUTS, acknowledged + 1, lostSectors);
        assertThat(acknowledged).isGreaterThan(CUTS);
        if (cache.durability() == Durability.AFTER_FLUSH) {
            assertThat(lostSectors).as("sectors lost by power cuts under load").isPositive();
        }
    }

    /** Shows that the cuts of these tests cut: where flushes are ignored, records are lost. */
    @Test
    void acknowledgedRecordsAreLostWhereFlushesAreIgnored() {
        Path image = formatted();
        VolatileCache medium = new VolatileCache(image, random);
        try (MachineServices services = new MachineServices(medium.posix());
                DiskGuest guest = guest(services, image, CacheMode.UNSAFE)) {
            start(guest, medium);
            guest.command("mount /dev/vdb /mnt");
            long acknowledged = writeUntilCut(guest);
            medium.cutPower();
            guest.vm().powerOff();

            start(guest, medium);
            guest.command("mount /dev/vdb /mnt || mount -t tmpfs none /mnt");
            assertThat(records(guest)).isLessThanOrEqualTo(acknowledged);
        }
    }

    private Path formatted() {
        Path image = storage.emptyDisk("records", DISK_BYTES);
        DiskGuest.run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.toString());
        return image;
    }

    /** Its root is the image that all share, which it cannot change. */
    private DiskGuest guest(MachineServices services, Path image, CacheMode cache) {
        Path debian = StockGuest.home().resolve("cache").resolve("disk-guest");
        String json = "{'name':'power-cut','memory':'128MiB','kernel':'"
                + StockGuest.existing(debian.resolve("vmlinux")) + "','initrd':'"
                + StockGuest.existing(debian.resolve("initrd.img"))
                + "','cmdline':'root=/dev/vda ro init=/bin/sh console=ttyS0 quiet','disks':["
                + "{'name':'vda','path':'" + debian.resolve("disk.raw") + "','format':'raw','readOnly':true},"
                + "{'name':'vdb','path':'" + image + "','format':'raw','cache':'"
                + cache.name().toLowerCase(Locale.ROOT) + "'}]}";
        return DiskGuest.of(
                folder, VmDefinitionReader.readNew(json.replace('\'', '"'), DefinitionLimits.ANY_HOST), services);
    }

    private static void start(DiskGuest guest, VolatileCache medium) {
        medium.restorePower();
        guest.vm().start();
        guest.awaitShell();
    }

    private static long records(DiskGuest guest) {
        String said = guest.command(TOOLS + "power-cut-check /mnt");
        Matcher matcher = Pattern.compile("\"records\":(\\d+)").matcher(said);
        assertThat(matcher.find()).as(said).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    /** Has the guest write for a while; gives the number of the last record that it heard to be acknowledged. */
    private long writeUntilCut(DiskGuest guest) {
        // Beside the records, what nobody waits for to be durable.
        guest.command("while :; do dd if=/dev/urandom of=/mnt/noise bs=16k count=32 conv=notrunc oflag=direct; done "
                + ">/dev/null 2>&1 &");
        guest.console().type(TOOLS + "power-cut-writer /mnt");
        StringBuilder heard = new StringBuilder();
        for (int i = random.nextInt(MOST_RECORDS); i >= 0; i--) {
            heard.append(guest.console().await(ACKNOWLEDGED, SECONDS));
        }
        heard.append(guest.console().await("\n", SECONDS));
        // Somewhere in between two records.
        LockSupport.parkNanos(random.nextLong(TimeUnit.MILLISECONDS.toNanos(20)));
        return lastAcknowledged(heard.toString());
    }

    private static long lastAcknowledged(String heard) {
        Matcher matcher = ACKNOWLEDGEMENT.matcher(heard);
        long last = -1;
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
        }
        return last;
    }
}
