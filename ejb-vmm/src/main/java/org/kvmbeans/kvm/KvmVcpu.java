package org.kvmbeans.kvm;

import java.nio.ByteBuffer;
import java.util.List;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.Mapping;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * Owner of one vCPU's descriptor and of its mapped {@code struct kvm_run}.
 *
 * <p>All methods but {@link #requestExit} belong to the thread that runs the vCPU, or to the one that prepares it before
 * that thread is started.
 */
public final class KvmVcpu implements AutoCloseable {
    /** {@code sizeof(struct kvm_signal_mask)} and the kernel's {@code sigset_t} behind it. */
    private static final int SIGNAL_MASK_BYTES = Integer.BYTES + Long.BYTES;

    private final Posix posix;
    private final int id;
    private final OwnedFd fd;
    private final int fdNumber;
    private final Mapping mapping;
    private final ByteBuffer run;

    KvmVcpu(Posix posix, int id, OwnedFd fd, Mapping mapping) {
        this.posix = posix;
        this.id = id;
        this.fd = fd;
        this.fdNumber = fd.number();
        this.mapping = mapping;
        this.run = mapping.windows()[0];
    }

    /** The number given to KVM_CREATE_VCPU: the APIC id. */
    public int id() {
        return id;
    }

    /**
     * KVM_RUN: lets the guest run until it needs something.
     *
     * @return 0 after an exit, or negated {@link Errno#EINTR} after a kick, {@link Errno#EAGAIN} where the vCPU waits for
     *     its start; other errors are failures of the VMM
     */
    public int run() {
        return posix.ioctl(fdNumber, KvmIoctl.KVM_RUN, 0);
    }

    /** The mapped {@code struct kvm_run}. */
    public ByteBuffer runBuffer() {
        return run;
    }

    /** Makes the next, or the present, entry into KVM_RUN end; together with a signal it cannot be missed. Any thread. */
    public void requestExit() {
        run.put(KvmRun.IMMEDIATE_EXIT, (byte) 1);
    }

    /** Takes {@link #requestExit} back. */
    public void clearExitRequest() {
        run.put(KvmRun.IMMEDIATE_EXIT, (byte) 0);
    }

    /**
     * KVM_SET_SIGNAL_MASK: opens one signal, blocked otherwise, while the guest runs (KVM api.rst 4.17).
     *
     * @param blocked the thread's mask, bit n-1 for signal n
     */
    public void openSignal(long blocked, int signal) {
        NativeStruct struct = new NativeStruct(posix, SIGNAL_MASK_BYTES);
        struct.buffer().putInt(0, Long.BYTES).putLong(Integer.BYTES, blocked & ~(1L << (signal - 1)));
        fd.ioctl("KVM_SET_SIGNAL_MASK", KvmIoctl.KVM_SET_SIGNAL_MASK, struct, "vcpu=" + id);
    }

    /** KVM_SET_CPUID2. */
    public void setCpuid(List<CpuidEntry> entries) {
        NativeStruct struct = KvmSystem.cpuidStruct(posix, entries);
        String arguments = "vcpu=" + id + ", entries=" + entries.size();
        fd.ioctl("KVM_SET_CPUID2", KvmIoctl.KVM_SET_CPUID2, struct, arguments);
    }

    /**
     * KVM_SET_MSRS: sets them in this order.
     *
     * @throws KvmUnavailableException where KVM does not let one be set, naming it
     */
    public void set(List<Msr> msrs) {
        NativeStruct struct = new NativeStruct(posix, 2 * Integer.BYTES + msrs.size() * Msr.BYTES);
        struct.buffer().putInt(0, msrs.size());
        int offset = 2 * Integer.BYTES;
        for (Msr msr : msrs) {
            struct.buffer().putInt(offset, msr.index()).putLong(offset + Long.BYTES, msr.value());
            offset += Msr.BYTES;
        }
        int done = fd.ioctl("KVM_SET_MSRS", KvmIoctl.KVM_SET_MSRS, struct, "vcpu=" + id);
        if (done < msrs.size()) {
            throw new KvmUnavailableException(String.format(
                    "KVM_SET_MSRS: this KVM refuses 0x%x for MSR 0x%x of vCPU %d",
                    msrs.get(done).value(), msrs.get(done).index(), id));
        }
    }

    /** KVM_GET_REGS: a copy. */
    public Registers registers() {
        Registers registers = new Registers(posix);
        fd.ioctl("KVM_GET_REGS", KvmIoctl.KVM_GET_REGS, registers.struct(), "vcpu=" + id);
        return registers;
    }

    /** KVM_SET_REGS. */
    public void set(Registers registers) {
        fd.ioctl("KVM_SET_REGS", KvmIoctl.KVM_SET_REGS, registers.struct(), "vcpu=" + id);
    }

    /** KVM_GET_SREGS: a copy. */
    public SpecialRegisters specialRegisters() {
        SpecialRegisters registers = new SpecialRegisters(posix);
        fd.ioctl("KVM_GET_SREGS", KvmIoctl.KVM_GET_SREGS, registers.struct(), "vcpu=" + id);
        return registers;
    }

    /** KVM_SET_SREGS. */
    public void set(SpecialRegisters registers) {
        fd.ioctl("KVM_SET_SREGS", KvmIoctl.KVM_SET_SREGS, registers.struct(), "vcpu=" + id);
    }

    /**
     * KVM_KVMCLOCK_CTRL: tells the guest's watchdogs that it was paused (KVM api.rst 4.70). A guest that has no kvmclock
     * refuses, which is no failure.
     */
    public void notifyPaused() {
        fd.ioctl(KvmIoctl.KVM_KVMCLOCK_CTRL, 0);
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
