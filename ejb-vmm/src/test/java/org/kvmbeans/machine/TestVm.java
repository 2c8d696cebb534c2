package org.kvmbeans.machine;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.sys.jna.JnaPosix;

/** A VM with a bare-metal guest on the machine's own {@code /dev/kvm}, and waits with a deadline for what it does. */
final class TestVm implements AutoCloseable {
    /** What a guest writes to isa-debug-exit when all its checks have held. */
    static final int GOOD = 0x2A;

    /** Guest memory of each. */
    static final long MEMORY_BYTES = 4 << 20;

    /** In the lab, where all of this is emulated, everything takes a hundred times as long. */
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final long LOOK_AGAIN_NANOS = 200_000;

    private final MachineServices services = new MachineServices(new JnaPosix());
    private final VirtualMachine vm;
    private long readPosition;

    private TestVm(String guest, int vcpus, String commandLine, long memoryBytes) {
        VmDefinition definition =
                TestDefinitions.of(guest, vcpus, memoryBytes, TestGuests.elf(guest), null, commandLine, true);
        vm = new VirtualMachine(definition, services);
    }

    /** A stopped VM with one vCPU. */
    static TestVm of(String guest) {
        return new TestVm(guest, 1, "", MEMORY_BYTES);
    }

    /** A stopped VM whose guest is told how many vCPUs it has. */
    static TestVm withVcpus(String guest, int vcpus) {
        return new TestVm(guest, vcpus, "cpus=" + vcpus, MEMORY_BYTES);
    }

    VirtualMachine vm() {
        return vm;
    }

    TestVm start() {
        vm.start();
        return this;
    }

    void type(String text) {
        vm.serial().offerInput(text.getBytes(StandardCharsets.UTF_8));
    }

    /** All that the guest has written so far. */
    String output() {
        return new String(vm.serial().tail(1 << 20), StandardCharsets.UTF_8);
    }

    /** Waits until the guest has written a text, after what earlier calls have found. */
    void awaitOutput(String text) {
        StringBuilder found = new StringBuilder();
        long from = readPosition;
        await(
                () -> {
                    var stretch = vm.serial().readFrom(from + found.length(), 1 << 20, 10);
                    found.append(new String(stretch.data(), StandardCharsets.ISO_8859_1));
                    return found.indexOf(text) >= 0;
                },
                () -> "the guest to write \"" + text + "\"; it wrote \"" + found + "\"");
        readPosition = from + found.indexOf(text) + text.length();
    }

    void awaitState(VmState state) {
        await(() -> vm.state() == state, () -> "state " + state);
    }

    /** Waits until the machine is off, in good order or not, with all of it given back. */
    void awaitEnd() {
        await(() -> vm.state() == VmState.STOPPED || vm.state() == VmState.CRASHED, () -> "its end");
    }

    void await(BooleanSupplier condition, Supplier<String> what) {
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain for " + what.get() + "; the VM is " + vm.state() + " ("
                        + vm.stopReason() + ", exit status " + vm.debugExitStatus() + ") " + vm.lastError());
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
    }

    @Override
    public void close() {
        vm.hostShutdown();
        services.close();
    }
}
