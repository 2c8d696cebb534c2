package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.block.qcow2.Qcow2Image;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.machine.device.DiskOpener;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Debian boots from an encrypted image over one with compressed clusters over a compressed one, all made by QEMU's tool; goes
 * back to a snapshot that was taken while it was writing; and QEMU's tool finds nothing wrong with what is left.
 */
class Qcow2GuestLabIT {
    private static final Posix POSIX = new JnaPosix();
    private static final String PASSPHRASE = "correct horse";
    private static final String SECRET = "secret,id=s,data=" + PASSPHRASE;
    private static final long SECONDS = 60;

    private final AtomicReference<Qcow2Image> image = new AtomicReference<>();
    private final MachineServices services = new MachineServices(POSIX, disk -> {
        DiskImage opened = DiskImages.open(
                POSIX, disk.path().toString(), disk.format(), options(DiskOpener.accessOf(disk), disk.cache()));
        if (opened instanceof Qcow2Image qcow2) {
            image.set(qcow2);
        }
        return opened;
    });

    @TempDir
    Path folder;

    private static OpenOptions options(Access access, CacheMode cache) {
        SecretSource secrets = path -> PASSPHRASE.getBytes(StandardCharsets.UTF_8);
        return new OpenOptions(access, cache, ImageRules.ANY, secrets);
    }

    @AfterEach
    void close() {
        services.close();
    }

    @Test
    void guestBootsFromAnEncryptedChainAndGoesBackToASnapshotTakenUnderLoad() throws IOException {
        Path cache = StockGuest.home().resolve("cache").resolve("disk-guest");
        Path top = chainOver(StockGuest.existing(cache.resolve("disk.qcow2")));
        try (DiskGuest guest = DiskGuest.of(
                folder, VmDefinitionReader.readNew(definition(cache, top), DefinitionLimits.ANY_HOST), services)) {
            guest.boot();
            guest.command("echo before > /root/told && sync");
            guest.command("(fio --name=busy --filename=/var/tmp/busy --size=48M --rw=randwrite --bs=16k --time_based"
                    + " --runtime=600 --fsync=16 --ioengine=libaio --iodepth=8 > /dev/null 2>&1 &)");
            guest.await("[ -s /var/tmp/busy ]");
            // The file itself is to be there after a power cut; what is written to it goes on.
            guest.command("sync", SECONDS);

            image().snapshots().create("under-load", 0, 0);

            guest.command("echo after > /root/told && echo more > /root/more && sync", SECONDS);
            guest.vm().powerOff();
            assertThat(QemuTools.check(top, SECRET)).contains("No errors were found");
            revert(top);

            guest.boot();
            assertThat(guest.command("cat /root/told")).isEqualTo("before");
            assertThat(guest.command("ls /root/more 2>&1 || true")).contains("No such file");
            guest.command("sha256sum /var/tmp/busy > /dev/null && echo again > /root/told && sync", SECONDS);
            guest.shutDown();
        }
        assertThat(QemuTools.check(top, SECRET)).contains("No errors were found");
    }

    private Qcow2Image image() {
        return Objects.requireNonNull(image.get());
    }

    private static void revert(Path top) throws IOException {
        try (DiskImage open = DiskImages.open(
                POSIX, top.toString(), DiskFormat.QCOW2, options(Access.READ_WRITE, CacheMode.WRITEBACK))) {
            ((Qcow2Image) open).snapshots().apply("under-load");
        }
    }

    /** @param base compressed with zstd, and read by all */
    private Path chainOver(Path base) throws IOException {
        Path middle = folder.resolve("middle.qcow2");
        Path top = folder.resolve("top.qcow2");
        DiskGuest.run(
                "qemu-img", "create", "-q", "-f", "qcow2", "-b", base.toString(), "-F", "qcow2", middle.toString());
        // The same contents once more, compressed here: what is below is not asked for them.
        Path piece = folder.resolve("piece");
        DiskGuest.run("qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=64k", "count=64", "if=" + base, "of=" + piece);
        StringBuilder commands = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            Path cluster = folder.resolve("cluster" + i);
            DiskGuest.run("dd", "if=" + piece, "of=" + cluster, "bs=64k", "skip=" + i, "count=1", "status=none");
            commands.append("write -q -c -s ")
                    .append(cluster)
                    .append(" ")
                    .append(i * 64)
                    .append("k 64k\n");
        }
        Path script = Files.writeString(folder.resolve("script"), commands);
        DiskGuest.run("sh", "-c", "qemu-io -f qcow2 " + middle + " < " + script);
        // QEMU measures how fast the machine makes keys, and gives up where its clock is too coarse for that.
        DiskGuest.run(
                "sh",
                "-c",
                "for attempt in 1 2 3 4 5 6 7 8; do qemu-img create -q -f qcow2 --object '" + SECRET
                        + "' -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 -b " + middle
                        + " -F qcow2 " + top
                        + " && exit; done; exit 1");
        return top;
    }

    private static String definition(Path cache, Path top) {
        return ("{'name':'qcow2-guest','memory':'512MiB','kernel':'" + StockGuest.existing(cache.resolve("vmlinuz"))
                        + "','initrd':'" + StockGuest.existing(cache.resolve("initrd.img"))
                        + "','cmdline':'root=/dev/vda rw console=ttyS0 quiet','disks':[{'name':'vda','path':'" + top
                        + "','format':'qcow2','secret':'disk-guest'}]}")
                .replace('\'', '"');
    }
}
