package org.kvmbeans.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.kvmbeans.machine.definition.VmDefinition;

/** The stock Debian kernel and the busybox initramfs that {@code ear/scripts/build-guest-image} leaves under the home. */
public final class StockGuest {
    /** What the guest's init says first. */
    public static final String INIT_REACHED = "kvmbeans-guest: init reached";

    private StockGuest() {}

    /**
     * A guest of 512 MiB.
     *
     * @param kernel {@code vmlinuz} (bzImage, 64-bit boot protocol) or {@code vmlinux} (ELF, PVH)
     */
    public static VmDefinition definition(String kernel, int vcpus, String cmdline) {
        Path folder = home().resolve("cache").resolve("guest");
        return TestDefinitions.of(
                "stock",
                vcpus,
                512L << 20,
                existing(folder.resolve(kernel)),
                existing(folder.resolve("initrd.gz")),
                cmdline,
                false);
    }

    static Path existing(Path file) {
        if (!Files.isReadable(file)) {
            throw new AssertionError(
                    file + " is missing: run ear/scripts/build-guest-image and build-disk-guest, as ./verify does");
        }
        return file;
    }

    static Path home() {
        String home = System.getenv("KVMBEANS_HOME");
        return Path.of(home == null ? "/var/lib/kvmbeans" : home);
    }
}
