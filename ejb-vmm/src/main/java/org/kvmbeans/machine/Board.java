package org.kvmbeans.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.BootMsrs;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.CpuTopology;
import org.kvmbeans.arch.x86.Cpuid;
import org.kvmbeans.arch.x86.PcConfiguration;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootLoader;
import org.kvmbeans.arch.x86.boot.BootSource;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.kvm.Capability;
import org.kvmbeans.kvm.ExitHandler;
import org.kvmbeans.kvm.KvmSystem;
import org.kvmbeans.kvm.KvmVcpu;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.kvm.Registers;
import org.kvmbeans.kvm.SpecialRegisters;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.Posix;

/**
 * A machine that is switched on: memory, the KVM VM, devices and vCPU threads of one power cycle.
 *
 * <p>A reset is a new board. Everything a board takes from the host it gives back in {@link #close}, in reverse order. Its
 * methods are called under the lock of the {@link VirtualMachine}, but for what vCPU threads raise.
 */
final class Board implements AutoCloseable {
    /** What a board needs to know of the machine it belongs to. */
    record Frame(
            VmDefinition definition,
            MachineServices services,
            List<Vcpu> vcpus,
            Serial16550Slot com1,
            Listener listener) {}

    /** Hears what ends the power cycle; at most once, not on a vCPU thread. */
    interface Listener {
        void raised(Board board, GuestEvent event);

        /** The guest wrote the isa-debug-exit device; called on a vCPU thread, before the event. */
        void debugExit(int status);
    }

    private final Frame frame;
    private final Posix posix;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final List<VcpuThread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable GuestEvent> event = new AtomicReference<>();
    private final AddressBus ports = new AddressBus();
    private final AddressBus mmio = new AddressBus();
    private final GuestMemory memory;
    private final KvmVm vm;
    private final PcDevices devices;
    private final boolean adjustsClock;
    private long pausedClockNanos;

    private Board(Frame frame) {
        this.frame = frame;
        this.posix = frame.services().posix();
        try (KvmSystem system = KvmSystem.open(posix)) {
            VmDefinition definition = frame.definition();
            String name = "kvmbeans-" + definition.name();
            memory = owned(GuestMemory.allocate(posix, name, definition.memoryBytes()));
            PcConfiguration configuration = PcConfiguration.of(CpuTopology.ofCores(definition.vcpus()));
            CpuEntry entry = BootLoader.load(
                    memory,
                    new BootSource(definition.kernel(), definition.initrd(), definition.cmdline()),
                    configuration);
            vm = owned(system.createVm());
            adjustsClock = vm.check(Capability.ADJUST_CLOCK) != 0;
            vm.placeRealModePages(PcLayout.KVM_IDENTITY_MAP, PcLayout.KVM_TSS);
            vm.createIrqchip();
            vm.createPit();
            vm.map(memory);
            devices = owned(new PcDevices(
                    definition,
                    frame.services(),
                    vm,
                    ports,
                    frame.com1().device(),
                    this::debugExit,
                    kind -> raise(kind, "")));
            frame.com1().connect(PcDevices.line(vm, PcLayout.COM1_IRQ));
            resources.push(frame.com1()::disconnect);
            createVcpus(system, entry);
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    /**
     * Assembles a board and lets its vCPUs run.
     *
     * @throws RuntimeException where the host refuses something or the kernel cannot be loaded; nothing is left then
     */
    static Board powerOn(Frame frame) {
        Board board = new Board(frame);
        try {
            board.startVcpus();
            return board;
        } catch (RuntimeException | Error e) {
            board.close();
            throw e;
        }
    }

    private void createVcpus(KvmSystem system, CpuEntry entry) {
        boolean deadlineTimer = system.check(Capability.TSC_DEADLINE_TIMER) != 0;
        Cpuid cpuid = new Cpuid(
                system.supportedCpuid(), CpuTopology.ofCores(frame.vcpus().size()), deadlineTimer);
        for (Vcpu monitor : frame.vcpus()) {
            KvmVcpu vcpu = owned(vm.createVcpu(monitor.id()));
            vcpu.setCpuid(cpuid.forVcpu(monitor.id()));
            vcpu.set(BootMsrs.forAllVcpus());
            if (monitor.id() == 0) {
                Registers registers = vcpu.registers();
                SpecialRegisters special = vcpu.specialRegisters();
                entry.applyTo(registers);
                entry.applyTo(special);
                vcpu.set(special);
                vcpu.set(registers);
            }
            threads.add(new VcpuThread(
                    posix,
                    "vcpu" + monitor.id() + "-" + frame.definition().name(),
                    vcpu,
                    new Exits(),
                    monitor.counters(),
                    failure -> raise(GuestEvent.Kind.VMM_ERROR, String.valueOf(failure))));
        }
    }

    private void startVcpus() {
        for (int i = 0; i < threads.size(); i++) {
            frame.vcpus().get(i).runBy(threads.get(i));
            threads.get(i).start();
        }
    }

    /** Stops every vCPU where it is; returns when all are out of the guest. */
    void pause() {
        threads.forEach(VcpuThread::requestPause);
        threads.forEach(VcpuThread::awaitPaused);
        if (adjustsClock) {
            pausedClockNanos = vm.clockNanos();
        }
    }

    /** Lets the vCPUs go on; the guest's kvmclock goes on where it was. */
    void resume() {
        if (adjustsClock) {
            vm.setClockNanos(pausedClockNanos);
        }
        threads.forEach(VcpuThread::resume);
    }

    void pressPowerButton() {
        devices.pressPowerButton();
    }

    long residentBytes() {
        return memory.residentBytes();
    }

    /** Ends the vCPUs and gives everything back. */
    @Override
    public void close() {
        threads.forEach(VcpuThread::requestStop);
        // A thread that hangs keeps its board: memory that a vCPU still runs in is better leaked than reused.
        threads.forEach(VcpuThread::awaitStopped);
        for (int i = 0; i < threads.size(); i++) {
            frame.vcpus().get(i).ranBy(threads.get(i));
        }
        release();
    }

    private void release() {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("a board's resource cannot be closed", e);
            }
        }
    }

    private <T extends AutoCloseable> T owned(T resource) {
        resources.push(resource);
        return resource;
    }

    private void debugExit(int status) {
        frame.listener().debugExit(status);
        raise(GuestEvent.Kind.DEBUG_EXIT, "the guest wrote " + status + " to isa-debug-exit");
    }

    /** Ends the power cycle: the first event counts, and no vCPU enters the guest again. */
    private void raise(GuestEvent.Kind kind, String detail) {
        GuestEvent raised = new GuestEvent(kind, detail);
        if (event.compareAndSet(null, raised)) {
            threads.forEach(VcpuThread::requestStop);
            frame.services().events().execute(() -> frame.listener().raised(this, raised));
        }
    }

    /** Dispatches the exits of the vCPUs; stateless. */
    private final class Exits implements ExitHandler {
        @Override
        public long readPort(int port, int size) {
            return ports.read(port, size);
        }

        @Override
        public void writePort(int port, int size, long value) {
            ports.write(port, size, value);
        }

        @Override
        public long readMmio(long gpa, int size) {
            return mmio.read(gpa, size);
        }

        @Override
        public void writeMmio(long gpa, int size, long value) {
            mmio.write(gpa, size, value);
        }

        @Override
        public void tripleFault() {
            raise(GuestEvent.Kind.TRIPLE_FAULT, "a vCPU shut down on a triple fault");
        }

        @Override
        public void systemEvent(boolean reset) {
            raise(reset ? GuestEvent.Kind.RESET : GuestEvent.Kind.POWER_OFF, "");
        }

        @Override
        public void failure(String what) {
            raise(GuestEvent.Kind.VMM_ERROR, what);
        }
    }
}
