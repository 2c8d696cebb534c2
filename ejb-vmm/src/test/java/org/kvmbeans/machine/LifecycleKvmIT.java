package org.kvmbeans.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Pause, resume and reset of guests that do not cooperate, and operations that meet. */
class LifecycleKvmIT {
    private static final int TRIES = 12;

    @Test
    void computationGoesOnUnharmedThroughPauses() {
        try (TestVm test = TestVm.of("spin").start()) {
            test.awaitOutput("computing\n");
            for (int i = 0; i < 50; i++) {
                test.vm().pause();
                assertThat(test.vm().state()).isEqualTo(VmState.PAUSED);
                test.vm().resume();
            }
            test.type("stop");
            test.awaitEnd();
            assertThat(test.vm().debugExitStatus()).as(test.vm().lastError()).isEqualTo(TestVm.GOOD);
        }
    }

    @Test
    void pausedGuestUsesNoCpuTime() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type("b");
            test.awaitOutput("busy\n");
            Vcpu vcpu = test.vm().vcpus().get(0);
            test.vm().pause();
            assertThat(vcpu.state()).isEqualTo(VcpuState.PAUSED);
            long paused = vcpu.cpuTimeNanos();
            long exits = vcpu.exitsTotal();
            test.type("ignored while paused");
            assertThat(vcpu.cpuTimeNanos() - paused).isLessThan(TimeUnit.MILLISECONDS.toNanos(5));
            assertThat(vcpu.exitsTotal()).isEqualTo(exits);
            test.vm().resume();
            long resumed = vcpu.cpuTimeNanos();
            test.await(
                    () -> vcpu.cpuTimeNanos() > resumed + TimeUnit.MILLISECONDS.toNanos(5),
                    () -> "the guest to compute again");
        }
    }

    @Test
    void busyGuestIsResetAndPoweredOff() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.type("b");
            test.awaitOutput("busy\n");
            test.vm().reset();
            test.awaitOutput("ready\n");
            test.type("b");
            test.awaitOutput("busy\n");
            test.vm().powerOff();
            assertThat(test.vm().state()).isEqualTo(VmState.STOPPED);
            assertThat(test.vm().stopReason()).isEqualTo(StopReason.OPERATOR_POWER_OFF);
            assertThat(test.vm().vcpus().get(0).state()).isEqualTo(VcpuState.STOPPED);
        }
    }

    @Test
    void pausedGuestThatIsResetRuns() {
        try (TestVm test = TestVm.of("monitor").start()) {
            test.awaitOutput("ready\n");
            test.vm().pause();
            test.vm().reset();
            test.awaitOutput("ready\n");
            assertThat(test.vm().state()).isEqualTo(VmState.RUNNING);
        }
    }

    @Test
    void pausedGuestIsPoweredOff() {
        try (TestVm test = TestVm.withVcpus("monitor", 4).start()) {
            test.awaitOutput("ready\n");
            test.vm().pause();
            test.vm().powerOff();
            assertThat(test.vm().state()).isEqualTo(VmState.STOPPED);
        }
    }

    @Test
    void haltedAndWaitingVcpusArePausedToo() {
        try (TestVm test = TestVm.withVcpus("monitor", 4).start()) {
            test.awaitOutput("ready\n");
            for (int i = 0; i < 20; i++) {
                test.vm().pause();
                assertThat(test.vm().vcpus()).allMatch(vcpu -> vcpu.state() == VcpuState.PAUSED);
                test.vm().resume();
            }
            test.type("STILL THERE");
            test.awaitOutput("STILL THERE");
        }
    }

    @Test
    void operationThatDoesNotFitTheStateIsRefused() {
        try (TestVm test = TestVm.of("monitor")) {
            VirtualMachine vm = test.vm();
            for (Runnable operation : List.<Runnable>of(vm::pause, vm::resume, vm::shutdown, vm::reset, vm::powerOff)) {
                assertThatThrownBy(operation::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("monitor is STOPPED");
            }
            test.start();
            for (Runnable operation : List.<Runnable>of(vm::start, vm::resume, vm::retire)) {
                assertThatThrownBy(operation::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("monitor is RUNNING");
            }
            vm.pause();
            for (Runnable operation : List.<Runnable>of(vm::start, vm::pause, vm::shutdown, vm::retire)) {
                assertThatThrownBy(operation::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("monitor is PAUSED");
            }
            vm.powerOff();
            vm.retire();
            assertThatThrownBy(vm::start).hasMessageContaining("no longer defined");
        }
    }

    @Test
    void operationsAtOnceAreDoneOneByOneOrRefused() throws Exception {
        ExecutorService operators = Executors.newFixedThreadPool(4);
        try (TestVm test = TestVm.of("monitor").start()) {
            VirtualMachine vm = test.vm();
            test.awaitOutput("ready\n");
            CountDownLatch go = new CountDownLatch(1);
            List<Future<Integer>> done = new ArrayList<>();
            for (Runnable operation : List.<Runnable>of(vm::pause, vm::resume, vm::reset, vm::pause)) {
                done.add(operators.submit(() -> {
                    go.await();
                    int refused = 0;
                    for (int i = 0; i < TRIES; i++) {
                        try {
                            operation.run();
                        } catch (IllegalStateException e) {
                            assertThat(e).hasMessageContaining("VM monitor is ");
                            refused++;
                        }
                    }
                    return refused;
                }));
            }
            go.countDown();
            for (Future<Integer> each : done) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isBetween(0, TRIES);
            }
            vm.reset();
            assertThat(vm.state()).isEqualTo(VmState.RUNNING);
            test.type("ALIVE");
            test.awaitOutput("ALIVE");
        } finally {
            operators.shutdownNow();
        }
    }

    @Test
    void readingsNeverFailWhileTheMachineComesAndGoes() throws Exception {
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try (TestVm test = TestVm.withVcpus("monitor", 2)) {
            VirtualMachine vm = test.vm();
            Future<Long> readings = reader.submit(() -> {
                long sum = 0;
                while (!Thread.currentThread().isInterrupted()) {
                    sum += vm.uptimeMillis() + vm.memoryResidentBytes() + vm.resetsTotal();
                    for (Vcpu vcpu : vm.vcpus()) {
                        sum += vcpu.cpuTimeNanos()
                                + vcpu.threadId()
                                + vcpu.exitTotals().size();
                    }
                }
                return sum;
            });
            for (int i = 0; i < 8; i++) {
                vm.start();
                vm.reset();
                vm.powerOff();
            }
            reader.shutdownNow();
            assertThat(readings.get(10, TimeUnit.SECONDS)).isPositive();
        } finally {
            reader.shutdownNow();
        }
    }
}
