package org.kvmbeans.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.Cpuid;
import org.kvmbeans.arch.x86.PcConfiguration;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.PciWindow;
import org.kvmbeans.arch.x86.boot.BootLoader;
import org.kvmbeans.arch.x86.boot.BootSource;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.kvm.Capability;
import org.kvmbeans.kvm.CpuidEntry;
import org.kvmbeans.kvm.ExitHandler;
import org.kvmbeans.kvm.KvmSystem;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.legacy.CpuHotplug;
import org.kvmbeans.legacy.PciHotplug;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.device.VmDevice;
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
    record Frame(MachineParts parts, MachineServices services, Serial16550Slot com1, Listener listener) {}

    /** Hears of what the guest does to its board; but for {@link #debugExit}, not on a vCPU thread. */
    interface Listener {
        /** The power cycle ends; at most once. */
        void raised(Board board, GuestEvent event);

        /** The guest wrote the isa-debug-exit device; called on a vCPU thread, before the event. */
        void debugExit(int status);

        /** The guest has let go of a device; it may not have been asked to. */
        void ejected(Board board, VmDevice device);

        /** The guest has let go of a vCPU; it may not have been asked to. */
        void ejectedVcpu(Board board, int index);

        /** An error is to pause the machine, as its definition says. */
        void stopWanted(Board board, String why);
    }

    private final Frame frame;
    private final Posix posix;
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final AtomicReference<@Nullable GuestEvent> event = new AtomicReference<>();
    private final AddressBus ports = new AddressBus();
    private final AddressBus mmio = new AddressBus();
    private final GuestMemory memory;
    private final KvmVm vm;
    private final PcDevices pc;
    private final BoardDevices devices;
    private final PciHotplug pciHotplug;
    private final CpuHotplug cpuHotplug;
    private final BoardProcessors processors;
    private final boolean adjustsClock;
    private long pausedClockNanos;

    private Board(Frame frame) {
        this.frame = frame;
        this.posix = frame.services().posix();
        try (KvmSystem system = KvmSystem.open(posix)) {
            VmDefinition definition = frame.parts().definition();
            memory = owned(GuestMemory.allocate(posix, "kvmbeans-" + definition.name(), definition.memoryBytes()));
            List<CpuidEntry> hostCpuid = system.supportedCpuid();
            PcConfiguration configuration = configuration(definition, hostCpuid);
            CpuEntry entry = BootLoader.load(
                    memory,
                    new BootSource(definition.kernel(), definition.initrd(), definition.cmdline()),
                    configuration);
            vm = owned(createVm(system, configuration));
            adjustsClock = vm.check(Capability.ADJUST_CLOCK) != 0;
            pc = owned(new PcDevices(
                    definition,
                    frame.services(),
                    vm,
                    ports,
                    frame.com1().device(),
                    this::debugExit,
                    kind -> raise(kind, "")));
            frame.com1().connect(PcDevices.line(vm, PcLayout.COM1_IRQ));
            resources.push(frame.com1()::disconnect);
            pciHotplug = new PciHotplug(() -> pc.acpi().raiseEvent(PcLayout.PCI_HOTPLUG_GPE), this::ejected);
            ports.add("pci hot plug", PcLayout.PCI_HOTPLUG_PORT, PciHotplug.REGISTER_COUNT, pciHotplug);
            cpuHotplug = new CpuHotplug(
                    configuration.topology().vcpuCount(),
                    configuration.presentVcpus(),
                    () -> pc.acpi().raiseEvent(PcLayout.CPU_HOTPLUG_GPE),
                    this::ejectedVcpu);
            ports.add("cpu hot plug", PcLayout.CPU_HOTPLUG_PORT, CpuHotplug.REGISTER_COUNT, cpuHotplug);
            devices = owned(createDevices(definition, configuration));
            boolean deadlineTimer = system.check(Capability.TSC_DEADLINE_TIMER) != 0;
            Cpuid cpuid = new Cpuid(hostCpuid, configuration.topology(), deadlineTimer);
            processors = owned(createProcessors(configuration, cpuid, entry));
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    private static PcConfiguration configuration(VmDefinition definition, List<CpuidEntry> hostCpuid) {
        PcConfiguration configuration =
                PcConfiguration.of(definition.processors().topology()).withPresentVcpus(definition.vcpus());
        PciWindow window =
                PciWindow.aboveRam(PcLayout.HOLE_END + PcLayout.ramAbove4Gib(definition.memoryBytes()), hostCpuid);
        return window == null ? configuration : configuration.withPciWindow64(window);
    }

    private KvmVm createVm(KvmSystem system, PcConfiguration configuration) {
        KvmVm created = system.createVm();
        try {
            created.placeRealModePages(PcLayout.KVM_IDENTITY_MAP, PcLayout.KVM_TSS);
            created.createIrqchip();
            created.createPit();
            created.map(memory);
            if (configuration.topology().needsX2Apic() && !created.enableX2ApicIds()) {
                throw new IllegalStateException(
                        "this KVM has no KVM_CAP_X2APIC_API, which so many vCPUs need: define fewer");
            }
            return created;
        } catch (RuntimeException e) {
            created.close();
            throw e;
        }
    }

    private BoardDevices createDevices(VmDefinition definition, PcConfiguration configuration) {
        BoardDevices created = new BoardDevices(new BoardDevices.Surroundings(
                posix,
                frame.services().disks(),
                definition.name(),
                vm,
                memory,
                ports,
                mmio,
                pc.resetControl(),
                configuration.pciWindow64()));
        try {
            for (VmDevice device : frame.parts().devices()) {
                connect(device);
                created.plug(device);
            }
            created.assignAddresses();
            return created;
        } catch (RuntimeException e) {
            created.close();
            throw e;
        }
    }

    private void connect(VmDevice device) {
        device.onStop(why -> later(listener -> listener.stopWanted(this, why)));
    }

    private BoardProcessors createProcessors(PcConfiguration configuration, Cpuid cpuid, CpuEntry entry) {
        BoardProcessors created = new BoardProcessors(new BoardProcessors.Common(
                posix,
                frame.parts().definition().name(),
                vm,
                configuration.topology(),
                cpuid,
                new Exits(),
                failure -> raise(GuestEvent.Kind.VMM_ERROR, String.valueOf(failure))));
        try {
            frame.parts().vcpus().forEach(vcpu -> created.create(vcpu, entry));
            return created;
        } catch (RuntimeException e) {
            created.close();
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
            board.processors.start();
            return board;
        } catch (RuntimeException | Error e) {
            board.close();
            throw e;
        }
    }

    /** Stops every vCPU where it is; returns when all are out of the guest. */
    void pause() {
        processors.pause();
        if (adjustsClock) {
            pausedClockNanos = vm.clockNanos();
        }
    }

    /** Lets the vCPUs go on; the guest's kvmclock goes on where it was. */
    void resume() {
        if (adjustsClock) {
            vm.setClockNanos(pausedClockNanos);
        }
        processors.resume();
    }

    void pressPowerButton() {
        pc.pressPowerButton();
    }

    long residentBytes() {
        return memory.residentBytes();
    }

    /** Puts a device into a slot and tells the guest. */
    void plug(VmDevice device) {
        connect(device);
        pciHotplug.notifyAdded(devices.plug(device));
    }

    /** Asks the guest to let go of a device. */
    void requestUnplug(VmDevice device) {
        int slot = devices.slotOf(device);
        if (slot >= 0) {
            pciHotplug.requestRemoval(slot);
        }
    }

    /** Takes a device out of its slot. */
    void unplug(VmDevice device) {
        devices.unplug(device);
    }

    /** Adds a vCPU and tells the guest. */
    void plugVcpu(Vcpu vcpu) {
        processors.plug(vcpu);
        cpuHotplug.notifyAdded(vcpu.id());
    }

    /** Asks the guest to let go of a vCPU. */
    void requestVcpuRemoval(Vcpu vcpu) {
        // One that the guest has let go a moment ago needs no asking.
        if (cpuHotplug.isPresent(vcpu.id())) {
            cpuHotplug.requestRemoval(vcpu.id());
        }
    }

    /** Ends the thread of a vCPU that the guest has let go. */
    void unplugVcpu(Vcpu vcpu) {
        processors.unplug(vcpu);
    }

    /** Ends the vCPUs and gives everything back. */
    @Override
    public void close() {
        processors.stop();
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

    private void ejected(int slot) {
        VmDevice device = devices.deviceIn(slot);
        if (device != null) {
            later(listener -> listener.ejected(this, device));
        }
    }

    private void ejectedVcpu(int index) {
        later(listener -> listener.ejectedVcpu(this, index));
    }

    /** Ends the power cycle: the first event counts, and no vCPU enters the guest again. */
    private void raise(GuestEvent.Kind kind, String detail) {
        GuestEvent raised = new GuestEvent(kind, detail);
        if (event.compareAndSet(null, raised)) {
            processors.requestStop();
            later(listener -> listener.raised(this, raised));
        }
    }

    private void later(Consumer<Listener> call) {
        frame.services().events().execute(() -> call.accept(frame.listener()));
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
