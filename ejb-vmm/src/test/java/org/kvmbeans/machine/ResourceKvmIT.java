package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.sys.jna.JnaPosix;

/** What a machine takes from the host, it gives back. */
class ResourceKvmIT {
    private static final int ROUNDS = 200;

    @TempDir
    Path folder;

    /** What this process holds that a machine could leak. */
    private record Held(long descriptors, long vcpuThreads, long mappings) {
        static Held now() {
            return new Held(
                    count(Path.of("/proc/self/fd"), Held::isOfAMachine),
                    count(Path.of("/proc/self/task"), Held::isVcpuThread),
                    ofMachines());
        }

        private static boolean isOfAMachine(Path descriptor) {
            try {
                String target = Files.readSymbolicLink(descriptor).toString();
                return target.contains("kvm") || target.contains("memfd:");
            } catch (IOException e) {
                return false; // closed meanwhile
            }
        }

        private static boolean isVcpuThread(Path task) {
            try {
                return Files.readString(task.resolve("comm")).startsWith("vcpu");
            } catch (IOException e) {
                return false; // ended meanwhile
            }
        }

        /** Memory of guests and vCPUs. */
        private static long ofMachines() {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.filter(line -> line.contains("kvm")).count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static long count(Path directory, Predicate<Path> filter) {
            try (Stream<Path> entries = Files.list(directory)) {
                return entries.filter(filter).count();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void roundsOfStartAndStopLeaveNothing() {
        try (TestVm test = TestVm.withVcpus("monitor", 2)) {
            round(test);
            assertNothingHeld(test);
            long addressSpace = addressSpaceBytes();
            for (int i = 0; i < ROUNDS; i++) {
                round(test);
            }
            assertNothingHeld(test);
            // Address ranges of closed mappings are given back when the collector has found their buffers unreachable.
            long tolerated = addressSpace + ROUNDS * TestVm.MEMORY_BYTES / 4;
            test.await(
                    () -> {
                        System.gc();
                        return addressSpaceBytes() <= tolerated;
                    },
                    () -> "address ranges to be unmapped: " + addressSpaceBytes() + " bytes, first " + addressSpace);
        }
    }

    private static void round(TestVm test) {
        test.start();
        test.awaitOutput("ready\n");
        test.vm().powerOff();
    }

    private static void assertNothingHeld(TestVm test) {
        // A thread's entry goes a moment after the thread has told that it ends.
        test.await(() -> Held.now().equals(new Held(0, 0, 0)), () -> "nothing to be held: " + Held.now());
    }

    /** First field of statm: pages of address space. */
    private static long addressSpaceBytes() {
        try {
            String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 2)[0];
            return Long.parseLong(pages) * 4096;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void resetsLeaveNothing() {
        try (TestVm test = TestVm.of("monitor").start()) {
            Held running = Held.now();
            for (int i = 0; i < 20; i++) {
                test.vm().reset();
            }
            test.await(() -> Held.now().equals(running), () -> running + "; it is " + Held.now());
        }
    }

    @Test
    void startThatFailsLeavesNothingAndSaysWhy() throws IOException {
        Path kernel = Files.writeString(folder.resolve("kernel"), "this is no kernel");
        VmDefinition definition = TestDefinitions.bare("broken", 1, 4 << 20, kernel, false);
        try (MachineServices services = new MachineServices(new JnaPosix());
                TestVm other = TestVm.of("monitor")) {
            VirtualMachine vm = new VirtualMachine(definition, services);
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(vm::start).hasMessageContaining("kernel");
                assertThat(vm.state()).isEqualTo(VmState.STOPPED);
                assertThat(vm.stopReason()).isEqualTo(StopReason.START_FAILED);
                assertThat(vm.lastError()).contains(kernel.toString());
            }
            assertNothingHeld(other);
        }
    }
}
