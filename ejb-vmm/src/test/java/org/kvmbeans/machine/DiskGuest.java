package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.kvmbeans.machine.definition.DefinitionLimits;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.definition.VmDefinitionReader;

/**
 * The Debian on a disk that {@code ear/scripts/build-disk-guest} leaves under the home: its own kernel and initrd, and a
 * copy of its disk for each test. A person logs in on its serial console.
 */
public final class DiskGuest implements AutoCloseable {
    /** What it says when it has reached multi-user.target. */
    public static final String MULTI_USER = "kvmbeans-guest: multi-user reached";

    private static final long BOOT_SECONDS = 180;
    private static final long ANSWER_SECONDS = 60;
    private static final AtomicInteger DISKS_USED = new AtomicInteger();

    private final Path folder;
    private final VirtualMachine vm;
    private final GuestConsole console;
    private int commands;

    private DiskGuest(Path folder, VmDefinition definition, MachineServices services) {
        this.folder = folder;
        this.vm = new VirtualMachine(definition, services);
        this.console = new GuestConsole(vm);
    }

    /**
     * A stopped guest.
     *
     * @param folder where its disk is copied to, if it must be
     * @param more keys of the definition beside name, memory, kernel and disks, single-quoted
     * @param rootDisk keys of the root disk beside name, path and format, single-quoted; or empty
     * @param moreDisks further disks, single-quoted objects
     */
    public static DiskGuest of(
            Path folder, MachineServices services, String more, String rootDisk, List<String> moreDisks) {
        return of(folder, services, more, rootDisk, moreDisks, "");
    }

    /**
     * A stopped guest, as above.
     *
     * @param kernelWords more words for its kernel's command line, separated by spaces; or empty
     */
    public static DiskGuest of(
            Path folder,
            MachineServices services,
            String more,
            String rootDisk,
            List<String> moreDisks,
            String kernelWords) {
        Path image = StockGuest.home().resolve("cache").resolve("disk-guest");
        Path disk = rootDisk(image.resolve("disk.raw"), folder);
        List<String> disks = new ArrayList<>();
        disks.add("{'name':'vda','path':'" + disk + "','format':'raw'" + rootDisk + "}");
        disks.addAll(moreDisks);
        String json =
                "{'name':'disk-guest','memory':'512MiB','kernel':'" + StockGuest.existing(image.resolve("vmlinuz"))
                        + "','initrd':'" + StockGuest.existing(image.resolve("initrd.img"))
                        + "','cmdline':'root=/dev/vda rw console=ttyS0 quiet " + kernelWords + "','disks':["
                        + String.join(",", disks) + "]"
                        + (more.isEmpty() ? "" : "," + more) + "}";
        VmDefinition definition = VmDefinitionReader.readNew(json.replace('\'', '"'), DefinitionLimits.ANY_HOST);
        return new DiskGuest(folder, definition, services);
    }

    /** A stopped guest of another definition. */
    public static DiskGuest of(Path folder, VmDefinition definition, MachineServices services) {
        return new DiskGuest(folder, definition, services);
    }

    /** Makes a file of zeros that takes no room. */
    public static Path emptyDisk(Path file, long bytes) {
        try {
            Files.write(file, new byte[0]);
            run("truncate", "--size=" + bytes, file.toString());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A disk with the guest's root that may be written: one of those with that content that {@code ./verify} gives the lab,
     * each used once, or a copy, which takes half a minute there.
     */
    private static Path rootDisk(Path image, Path folder) {
        Path given = Path.of("/dev/vd" + (char) ('a' + DISKS_USED.getAndIncrement()));
        if (System.getenv("KVMBEANS_LAB") != null && Files.exists(given)) {
            return given;
        }
        Path copy = folder.resolve("root.raw");
        run(
                "cp",
                "--sparse=always",
                "--reflink=auto",
                StockGuest.existing(image).toString(),
                copy.toString());
        return copy;
    }

    /** Runs a command of the host to its end, which must be a good one. */
    public static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor())
                    .as(String.join(" ", command) + ": " + output)
                    .isZero();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public VirtualMachine vm() {
        return vm;
    }

    public GuestConsole console() {
        return console;
    }

    /** Where its disk lies, and room for others. */
    public Path folder() {
        return folder;
    }

    /** Starts it, waits for multi-user.target and logs in. */
    public DiskGuest boot() {
        vm.start();
        return awaitLogin();
    }

    /** Waits for multi-user.target and logs in. */
    public DiskGuest awaitLogin() {
        console.await(MULTI_USER, BOOT_SECONDS);
        console.await("login: ", ANSWER_SECONDS);
        console.type("root");
        console.await("assword: ", ANSWER_SECONDS);
        console.type("kvmbeans");
        console.await("# ", ANSWER_SECONDS);
        // Not bash: its line editor writes control sequences between what commands print.
        console.type("exec sh");
        command("stty -echo; PS1=", ANSWER_SECONDS);
        // Nor the kernel's errors, which the tests provoke, in the middle of what commands print: dmesg has them.
        command("dmesg --console-level emerg", ANSWER_SECONDS);
        return this;
    }

    /** Waits for the shell that is its init. */
    public DiskGuest awaitShell() {
        console.await("# ", BOOT_SECONDS);
        command("stty -echo; PS1=", ANSWER_SECONDS);
        return this;
    }

    /** Runs a command in the guest's shell and gives its output. */
    public String command(String command) {
        return command(command, ANSWER_SECONDS);
    }

    /** Runs a command in the guest's shell and gives its output; fails where its status is not 0. */
    public String command(String command, long seconds) {
        int number = ++commands;
        // What is typed must not look like what is printed, should the terminal still echo it.
        console.type(command + "\necho \"end-$((" + number + "))-$?-\"");
        String heard = console.await("end-" + number + "-", seconds);
        String status = console.await("-", ANSWER_SECONDS);
        String output = heard.substring(0, heard.length() - ("end-" + number + "-").length())
                .replace("\r", "");
        assertThat(status).as(command + ": " + output).isEqualTo("0-");
        return output.strip();
    }

    /** Waits until a test of the guest's shell holds. */
    public void await(String condition) {
        command(
                "timeout " + ANSWER_SECONDS + " sh -c 'until " + condition + "; do sleep 0.1; done'",
                2 * ANSWER_SECONDS);
    }

    /** Presses the power button, and waits until it has powered itself off. */
    public void shutDown() {
        vm.shutdown();
        Waiting.until("power-off by the ACPI button", ANSWER_SECONDS, () -> vm.state() == VmState.STOPPED);
        assertThat(vm.stopReason()).isEqualTo(StopReason.GUEST_POWER_OFF);
    }

    @Override
    public void close() {
        vm.hostShutdown();
    }
}
