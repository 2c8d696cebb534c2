package org.kvmbeans.machine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.CpuTopology;
import org.kvmbeans.arch.x86.PcConfiguration;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootLoader;
import org.kvmbeans.arch.x86.boot.BootSource;
import org.kvmbeans.bus.AddressBus;
import org.kvmbeans.bus.ByteBusDevice;
import org.kvmbeans.bus.pci.PciHostBridge;
import org.kvmbeans.bus.pci.PciWindow;
import org.kvmbeans.kvm.ExitCounters;
import org.kvmbeans.kvm.ExitHandler;
import org.kvmbeans.kvm.KvmSystem;
import org.kvmbeans.kvm.KvmVcpu;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.kvm.Registers;
import org.kvmbeans.kvm.SpecialRegisters;
import org.kvmbeans.legacy.ResetControl;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;
import org.kvmbeans.virtio.transport.VirtioPciHost;

/** One vCPU with a PCI bus and nothing else: a bare-metal guest that drives what a test plugs in. */
final class PciTestMachine implements AutoCloseable {
    private static final long BAR_WINDOW = 0xC000_0000L;
    private static final long BAR_WINDOW_BYTES = 0x2000_0000L;

    private final Posix posix = new JnaPosix();
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final AddressBus ports = new AddressBus();
    private final AddressBus mmio = new AddressBus();
    private final CompletableFuture<Integer> exitStatus = new CompletableFuture<>();
    private final List<Long> writtenAddresses = new ArrayList<>();
    private final GuestMemory memory = owned(GuestMemory.allocate(posix, "pci-test", TestVm.MEMORY_BYTES));
    private final KvmVm vm;
    private final KvmVcpu vcpu;
    private final PciHostBridge bridge;
    private final VirtioPciHost host;

    PciTestMachine(String guest, String commandLine) {
        try (KvmSystem system = KvmSystem.open(posix)) {
            CpuEntry entry = BootLoader.load(
                    memory,
                    new BootSource(TestGuests.elf(guest), null, commandLine),
                    PcConfiguration.of(CpuTopology.ofCores(1)));
            vm = owned(system.createVm());
            vm.enableX2ApicIds();
            vm.placeRealModePages(PcLayout.KVM_IDENTITY_MAP, PcLayout.KVM_TSS);
            vm.createIrqchip();
            vm.createPit();
            vm.map(memory);
            bridge = owned(new PciHostBridge(new PciHostBridge.Wiring(
                    mmio,
                    ports,
                    List.of(new PciWindow(PciWindow.Kind.MEMORY, BAR_WINDOW, BAR_WINDOW_BYTES)),
                    gsi -> vm.irqLine(gsi)::set)));
            host = new VirtioPciHost(posix, memory, new KvmMsiRouter(posix, vm), new KvmDoorbells(vm));
            ports.add("pci", PciHostBridge.PORT, PciHostBridge.PORT_COUNT, bridge.ports(new ResetControl(() -> {})));
            ports.add("exit", PcLayout.DEBUG_EXIT_PORT, PcLayout.DEBUG_EXIT_PORTS, new ExitPort());
            vcpu = owned(vm.createVcpu(0));
            vcpu.setCpuid(system.supportedCpuid());
            Registers registers = vcpu.registers();
            SpecialRegisters special = vcpu.specialRegisters();
            entry.applyTo(registers);
            entry.applyTo(special, CpuTopology.ofCores(1));
            vcpu.set(special);
            vcpu.set(registers);
        }
    }

    Posix posix() {
        return posix;
    }

    KvmVm vm() {
        return vm;
    }

    PciHostBridge bridge() {
        return bridge;
    }

    VirtioPciHost host() {
        return host;
    }

    /** Memory-mapped writes that left the guest, by address; after {@link #run}. */
    List<Long> writtenAddresses() {
        return writtenAddresses;
    }

    /** Runs the guest until it ends itself, and gives its exit status. */
    int run() throws Exception {
        bridge.assignAddresses();
        VcpuThread thread = new VcpuThread(
                posix, "vcpu0-pci-test", vcpu, new Exits(), new ExitCounters(), exitStatus::completeExceptionally);
        thread.start();
        try {
            return exitStatus.get(60, TimeUnit.SECONDS);
        } finally {
            thread.requestStop();
            thread.awaitStopped();
        }
    }

    @Override
    public void close() throws Exception {
        while (!resources.isEmpty()) {
            resources.pop().close();
        }
    }

    private <T extends AutoCloseable> T owned(T resource) {
        resources.push(resource);
        return resource;
    }

    private final class ExitPort implements ByteBusDevice {
        @Override
        public int readByte(int offset) {
            return 0;
        }

        @Override
        public void writeByte(int offset, int value) {
            if (offset == 0) {
                exitStatus.complete(value);
            }
        }
    }

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
            writtenAddresses.add(gpa);
            mmio.write(gpa, size, value);
        }

        @Override
        public void tripleFault() {
            exitStatus.completeExceptionally(new AssertionError("triple fault"));
        }

        @Override
        public void systemEvent(boolean reset) {
            exitStatus.completeExceptionally(new AssertionError("system event"));
        }

        @Override
        public void failure(String what) {
            exitStatus.completeExceptionally(new AssertionError(what));
        }
    }
}
