package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.kvmbeans.machine.GuestConsole;
import org.kvmbeans.machine.MachineServices;
import org.kvmbeans.machine.StockGuest;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Boots the stock guest under this VMM and under QEMU in turns, and prints the milliseconds from {@code start()}, or the
 * start of QEMU's process, to the guest's init. Both have the same kernel, initrd, memory, vCPUs and command line.
 *
 * <p>The first boot of a JVM loads classes; it is told apart, since a server that has run a VM before does not pay it.
 */
final class BootBench {
    private static final long BOOT_SECONDS = 120;

    private BootBench() {}

    /** Arguments: rounds, vCPUs, command line, the script that boots QEMU. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = Integer.parseInt(arguments[0]);
        String vcpus = arguments[1];
        long[] ours = new long[rounds];
        long[] qemu = new long[rounds];
        try (MachineServices services = new MachineServices(new JnaPosix())) {
            long first = boot(services, Integer.parseInt(vcpus), arguments[2]);
            for (int i = 0; i < rounds; i++) {
                qemu[i] = bootQemu(arguments[3], vcpus, arguments[2]);
                ours[i] = boot(services, Integer.parseInt(vcpus), arguments[2]);
            }
            System.out.printf(
                    "{\"benchmark\":\"boot\",\"vcpus\":%s,\"cmdline\":\"%s\",\"firstMillis\":%d,\"millis\":[%s],"
                            + "\"qemuMillis\":[%s],\"ratio\":%.3f,\"firstRatio\":%.3f}%n",
                    vcpus,
                    arguments[2],
                    first,
                    list(ours),
                    list(qemu),
                    median(ours) / median(qemu),
                    first / median(qemu));
        }
    }

    private static long boot(MachineServices services, int vcpus, String cmdline) {
        VirtualMachine vm = new VirtualMachine(StockGuest.definition("vmlinuz", vcpus, cmdline), services);
        GuestConsole console = new GuestConsole(vm);
        long started = System.nanoTime();
        vm.start();
        console.await(StockGuest.INIT_REACHED, BOOT_SECONDS);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        vm.hostShutdown();
        return millis;
    }

    private static long bootQemu(String script, String vcpus, String cmdline) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(script, "--cpus", vcpus, "--cmdline", cmdline)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(script + " ended with " + process.exitValue());
        }
        return Long.parseLong(answer.strip());
    }

    private static String list(long[] values) {
        return Arrays.stream(values).mapToObj(Long::toString).collect(Collectors.joining(","));
    }

    private static double median(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
    }
}
