package org.kvmbeans.arch.x86.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.arch.x86.boot.BootException.Kind;

class BootFilesTest {
    @TempDir
    Path folder;

    @Test
    void refusesAMissingKernel() {
        assertRefused(folder.resolve("no-such-kernel"), Kind.MISSING, "no such file");
    }

    @Test
    void refusesADirectory() {
        assertRefused(folder, Kind.NOT_A_FILE, "is a directory");
    }

    @Test
    void refusesADevice() {
        assertRefused(Path.of("/dev/zero"), Kind.NOT_A_FILE, "no regular file");
    }

    @Test
    void refusesAnEmptyKernel() throws IOException {
        assertRefused(Files.createFile(folder.resolve("empty")), Kind.TRUNCATED, "is empty");
    }

    @Test
    void refusesText() throws IOException {
        assertRefused(Files.writeString(folder.resolve("text"), "not a kernel"), Kind.UNSUPPORTED, "no kernel");
    }

    @Test
    void namesACompressedKernel() throws IOException {
        Path gz = Files.write(folder.resolve("vmlinux.gz"), new byte[] {0x1F, (byte) 0x8B, 8, 0, 0});
        assertRefused(gz, Kind.UNSUPPORTED, "compressed");
    }

    @Test
    void namesAKernelForArm64() throws IOException {
        byte[] image = new byte[4096];
        System.arraycopy("ARMd".getBytes(StandardCharsets.US_ASCII), 0, image, 0x38, 4);
        assertRefused(Files.write(folder.resolve("Image"), image), Kind.UNSUPPORTED, "ARM64");
    }

    @Test
    void refusesAMissingInitrd() {
        try (BootFixture guest = new BootFixture(folder, BootFixture.MIB)) {
            Path kernel = guest.kernelFile(TestImages.bzImage());
            BootSource source = new BootSource(kernel, folder.resolve("nowhere"), "");
            assertThatThrownBy(() -> BootLoader.check(source))
                    .isInstanceOf(BootException.class)
                    .hasMessageStartingWith("initrd '" + folder.resolve("nowhere") + "'");
        }
    }

    private static void assertRefused(Path kernel, Kind kind, String reason) {
        assertThatThrownBy(() -> BootLoader.check(new BootSource(kernel, null, "")))
                .isInstanceOfSatisfying(
                        BootException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageStartingWith("kernel '" + kernel + "': ")
                .hasMessageContaining(reason);
    }
}
