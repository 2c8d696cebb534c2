package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.kvmbeans.export.BareMetalGuest;
import org.kvmbeans.machine.MachineServices;
import org.kvmbeans.machine.TestDefinitions;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Many VMs in one process, each with a guest that writes a byte and halts: the time until all have, and the memory they
 * take, here and in a C program that makes the same system calls. Both sides take turns, a batch each. All batches count
 * for {@code ratio}, with those that a JVM runs before its compilers have come round; {@code warmRatio} is of the second
 * half.
 *
 * <p>Arguments: the C program, batches, VMs of a batch.
 */
final class DensityBenchmark {
    private final List<VirtualMachine> vms = new ArrayList<>();
    private final MachineServices services;
    private final Path kernel;

    private DensityBenchmark(MachineServices services, Path kernel) {
        this.services = services;
        this.kernel = kernel;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int batches = Integer.parseInt(arguments[1]);
        int perBatch = Integer.parseInt(arguments[2]);
        Path folder = Files.createTempDirectory("density");
        Path kernel = BareMetalGuest.thatDoes().print("x").halt().writeTo(folder.resolve("kernel"));
        try (CProgram c = new CProgram(arguments[0], "vms");
                MachineServices services = new MachineServices(new JnaPosix())) {
            DensityBenchmark java = new DensityBenchmark(services, kernel);
            double cKibBefore = c.ask(0)[1];
            long javaKibBefore = ProcessMemory.pssKib();
            double[] javaNanos = new double[batches];
            double[] cNanos = new double[batches];
            double cKib = cKibBefore;
            for (int i = 0; i < batches; i++) {
                double[] answer = c.ask(perBatch);
                cNanos[i] = answer[0];
                cKib = answer[1];
                javaNanos[i] = java.startMore(perBatch);
            }
            double vms = (double) batches * perBatch;
            System.out.printf(
                    "{\"benchmark\":\"density\",\"vms\":%.0f,\"javaMillisPerVm\":%.2f,\"cMillisPerVm\":%.2f,"
                            + "\"ratio\":%.3f,\"warmRatio\":%.3f,\"javaKibPerVm\":%.1f,\"cKibPerVm\":%.1f}%n",
                    vms,
                    sum(javaNanos, 0) / vms / 1e6,
                    sum(cNanos, 0) / vms / 1e6,
                    sum(javaNanos, 0) / sum(cNanos, 0),
                    sum(javaNanos, batches / 2) / sum(cNanos, batches / 2),
                    (ProcessMemory.pssKib() - javaKibBefore) / vms,
                    (cKib - cKibBefore) / vms);
            System.out.flush();
        }
        Runtime.getRuntime().halt(0); // the kernel takes all back at once, as it does from the C program
    }

    private static double sum(double[] values, int from) {
        return Arrays.stream(values, from, values.length).sum();
    }

    /** Creates and starts that many, waits until the guests have written, and says how many nanoseconds it took. */
    private long startMore(int count) throws InterruptedException {
        long start = System.nanoTime();
        int first = vms.size();
        for (int i = first; i < first + count; i++) {
            VmDefinition definition = TestDefinitions.bare("vm" + i, 1, 2 << 20, kernel, false);
            VirtualMachine vm = new VirtualMachine(definition, services);
            vm.start();
            vms.add(vm);
        }
        for (VirtualMachine vm : vms.subList(first, vms.size())) {
            while (vm.serial().bytesTransmitted() == 0) {
                Thread.sleep(1);
            }
        }
        return System.nanoTime() - start;
    }
}
