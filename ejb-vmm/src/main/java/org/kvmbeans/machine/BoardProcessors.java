package org.kvmbeans.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.BootMsrs;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.CpuTopology;
import org.kvmbeans.arch.x86.Cpuid;
import org.kvmbeans.kvm.ExitHandler;
import org.kvmbeans.kvm.KvmVcpu;
import org.kvmbeans.kvm.KvmVm;
import org.kvmbeans.kvm.Registers;
import org.kvmbeans.kvm.SpecialRegisters;
import org.kvmbeans.sys.Posix;

/**
 * The vCPUs of one power cycle and their threads.
 *
 * <p>KVM takes no vCPU back while its VM lives: one that is unplugged keeps its descriptor and waits, without a thread, to
 * be plugged in again. Called under the lock of the {@link VirtualMachine}, but for {@link #requestStop}.
 */
final class BoardProcessors implements AutoCloseable {
    /**
     * What all vCPUs of a board have in common.
     *
     * @param machine the name of the machine, for the threads
     * @param exits what their exits lead to
     * @param onFailure called on the thread of a vCPU that cannot go on
     */
    record Common(
            Posix posix,
            String machine,
            KvmVm vm,
            CpuTopology topology,
            Cpuid cpuid,
            ExitHandler exits,
            Consumer<Throwable> onFailure) {}

    private static final class Slot {
        private final Vcpu monitor;
        private final KvmVcpu vcpu;
        private @Nullable VcpuThread thread;

        Slot(Vcpu monitor, KvmVcpu vcpu) {
            this.monitor = monitor;
            this.vcpu = vcpu;
        }
    }

    private final Common common;
    /** By index; null for a vCPU that was never plugged in. */
    private final List<@Nullable Slot> slots = new ArrayList<>();
    /** Those that run or are about to. Read by any thread. */
    private final List<VcpuThread> threads = new CopyOnWriteArrayList<>();

    private boolean running;

    BoardProcessors(Common common) {
        this.common = common;
        for (int i = 0; i < common.topology().vcpuCount(); i++) {
            slots.add(null);
        }
    }

    /** Makes vCPU 0, which enters the kernel, or another one, which waits in KVM for the start-up interrupt. */
    void create(Vcpu monitor, CpuEntry entry) {
        KvmVcpu vcpu = create(monitor);
        if (monitor.id() == 0) {
            Registers registers = vcpu.registers();
            SpecialRegisters special = vcpu.specialRegisters();
            entry.applyTo(registers);
            entry.applyTo(special, common.topology());
            vcpu.set(special);
            vcpu.set(registers);
        }
    }

    private KvmVcpu create(Vcpu monitor) {
        KvmVcpu vcpu = common.vm().createVcpu(common.topology().apicId(monitor.id()));
        Slot slot = new Slot(monitor, vcpu);
        slots.set(monitor.id(), slot);
        vcpu.setCpuid(common.cpuid().forVcpu(monitor.id()));
        vcpu.set(BootMsrs.forAllVcpus());
        prepareThread(slot);
        return vcpu;
    }

    private void prepareThread(Slot slot) {
        VcpuThread thread = new VcpuThread(
                common.posix(),
                "vcpu" + slot.monitor.id() + "-" + common.machine(),
                slot.vcpu,
                common.exits(),
                slot.monitor.counters(),
                common.onFailure());
        slot.thread = thread;
        threads.add(thread);
    }

    /** Lets every vCPU run. */
    void start() {
        running = true;
        for (Slot slot : slots) {
            if (slot != null) {
                start(slot);
            }
        }
    }

    private static void start(Slot slot) {
        VcpuThread thread = slot.thread;
        if (thread != null) {
            slot.monitor.runBy(thread);
            thread.start();
        }
    }

    /** Adds a vCPU to a board that runs; the guest has to be told. */
    void plug(Vcpu monitor) {
        Slot slot = slots.get(monitor.id());
        if (slot == null) {
            create(monitor);
        } else {
            prepareThread(slot);
        }
        Slot plugged = slots.get(monitor.id());
        if (running && plugged != null) {
            start(plugged);
        }
    }

    /** Ends the thread of a vCPU that the guest has given back. */
    void unplug(Vcpu monitor) {
        Slot slot = slots.get(monitor.id());
        VcpuThread thread = slot == null ? null : slot.thread;
        if (slot != null && thread != null) {
            thread.requestStop();
            thread.awaitStopped();
            monitor.ranBy(thread);
            threads.remove(thread);
            slot.thread = null;
        }
    }

    /** Stops every vCPU where it is; returns when all are out of the guest. */
    void pause() {
        threads.forEach(VcpuThread::requestPause);
        threads.forEach(VcpuThread::awaitPaused);
    }

    void resume() {
        threads.forEach(VcpuThread::resume);
    }

    /** No vCPU enters the guest again. Any thread, a vCPU's too; does not wait. */
    void requestStop() {
        threads.forEach(VcpuThread::requestStop);
    }

    /** Ends every thread; returns when all have ended. */
    void stop() {
        requestStop();
        // A thread that hangs keeps its board: memory that a vCPU still runs in is better leaked than reused.
        threads.forEach(VcpuThread::awaitStopped);
        for (Slot slot : slots) {
            VcpuThread thread = slot == null ? null : slot.thread;
            if (slot != null && thread != null) {
                slot.monitor.ranBy(thread);
            }
        }
    }

    /** Gives the vCPUs back; their threads have ended. */
    @Override
    public void close() {
        for (Slot slot : slots) {
            if (slot != null) {
                slot.vcpu.close();
            }
        }
    }
}
