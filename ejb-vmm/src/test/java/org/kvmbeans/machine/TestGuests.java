package org.kvmbeans.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

/** The bare-metal guests of {@code src/test/guests}, assembled by the first test that needs each. */
public final class TestGuests {
    private static final Path SOURCES = Path.of("src", "test", "guests");
    private static final Path BINARIES = Path.of("target", "test-guests");
    private static final ConcurrentMap<String, Path> BUILT = new ConcurrentHashMap<>();

    private TestGuests() {}

    /** The absolute path of a guest's ELF file, by the name of its source without the ending. */
    public static Path elf(String name) {
        return BUILT.computeIfAbsent(name, TestGuests::assemble);
    }

    private static Path assemble(String name) {
        try {
            Files.createDirectories(BINARIES);
            Path elf = BINARIES.resolve(name + ".elf").toAbsolutePath();
            Path fresh = Files.createTempFile(BINARIES, name, ".tmp").toAbsolutePath();
            // One segment from 1 MiB on, with the Multiboot header at its start.
            Process gcc = new ProcessBuilder(
                            "gcc",
                            "-m32",
                            "-nostdlib",
                            "-static",
                            "-no-pie",
                            "-Wl,-N,-Ttext=0x100000,--build-id=none,-z,noexecstack",
                            "-o",
                            fresh.toString(),
                            SOURCES.resolve(name + ".S").toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!gcc.waitFor(30, TimeUnit.SECONDS) || gcc.exitValue() != 0) {
                gcc.destroyForcibly();
                throw new IllegalStateException("gcc cannot build the guest " + name + ": " + output);
            }
            return Files.move(fresh, elf, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("the guest " + name + " needs gcc and its assembler", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the guest " + name + " was built", e);
        }
    }
}
