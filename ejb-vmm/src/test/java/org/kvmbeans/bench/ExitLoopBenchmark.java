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
import org.kvmbeans.machine.Vcpu;
import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * A guest that writes a port in a loop: the cost of an exit here, where each is counted and timed, and in a C loop that
 * does neither. Both sides take turns; each round of one is divided by the round of the other next to it.
 *
 * <p>Arguments: the C program, rounds.
 */
final class ExitLoopBenchmark {
    private static final int WARM_UP_MILLIS = 5_000;
    private static final int ROUND_MILLIS = 1_000;

    /** Nanoseconds an exit, by the clock and by the CPU time of the vCPU's thread. */
    private record Round(double wallNanos, double cpuNanos) {}

    private ExitLoopBenchmark() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("exit-loop");
        Path kernel = BareMetalGuest.thatDoes().writePortsForEver().writeTo(folder.resolve("kernel"));
        VmDefinition definition = TestDefinitions.bare("bench", 1, 2 << 20, kernel, false);
        List<Round> java = new ArrayList<>();
        List<Round> plain = new ArrayList<>();
        try (MachineServices services = new MachineServices(new JnaPosix());
                CProgram c = new CProgram(arguments[0], "exit-loop")) {
            VirtualMachine vm = new VirtualMachine(definition, services);
            vm.start();
            Thread.sleep(WARM_UP_MILLIS);
            long exits = sample(vm, new ArrayList<>());
            for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                vm.pause();
                double[] answer = c.ask(exits);
                plain.add(new Round(answer[1] / answer[0], answer[2] / answer[0]));
                vm.resume();
                exits = sample(vm, java);
            }
            vm.powerOff();
        }
        report(java, plain);
    }

    private static long sample(VirtualMachine vm, List<Round> rounds) throws InterruptedException {
        Vcpu vcpu = vm.vcpus().get(0);
        long exits = vcpu.exitsTotal();
        long cpu = vcpu.cpuTimeNanos();
        long wall = System.nanoTime();
        Thread.sleep(ROUND_MILLIS);
        exits = vcpu.exitsTotal() - exits;
        cpu = vcpu.cpuTimeNanos() - cpu;
        wall = System.nanoTime() - wall;
        rounds.add(new Round(wall / (double) exits, cpu / (double) exits));
        return exits;
    }

    private static void report(List<Round> java, List<Round> plain) {
        double[] wall = new double[java.size()];
        double[] cpu = new double[java.size()];
        for (int i = 0; i < wall.length; i++) {
            wall[i] = java.get(i).wallNanos / plain.get(i).wallNanos;
            cpu[i] = java.get(i).cpuNanos / plain.get(i).cpuNanos;
        }
        System.out.printf(
                "{\"benchmark\":\"exit-loop\",\"rounds\":%d,"
                        + "\"javaWallNanos\":%.0f,\"cWallNanos\":%.0f,\"wallRatio\":%.3f,"
                        + "\"javaCpuNanos\":%.0f,\"cCpuNanos\":%.0f,\"cpuRatio\":%.3f}%n",
                wall.length,
                median(java.stream().mapToDouble(Round::wallNanos).toArray()),
                median(plain.stream().mapToDouble(Round::wallNanos).toArray()),
                median(wall),
                median(java.stream().mapToDouble(Round::cpuNanos).toArray()),
                median(plain.stream().mapToDouble(Round::cpuNanos).toArray()),
                median(cpu));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
