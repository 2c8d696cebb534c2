package org.kvmbeans.kvm;

import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/** One input of the in-kernel interrupt controllers: KVM_IRQ_LINE, KVM api.rst 4.25. May be used from any thread. */
public final class IrqLine {
    private final OwnedFd vm;
    private final int gsi;
    private final NativeStruct struct;

    IrqLine(Posix posix, OwnedFd vm, int gsi) {
        this.vm = vm;
        this.gsi = gsi;
        this.struct = new NativeStruct(posix, Long.BYTES);
        struct.buffer().putInt(0, gsi);
    }

    /** Sets the level. */
    public synchronized void set(boolean asserted) {
        struct.buffer().putInt(Integer.BYTES, asserted ? 1 : 0);
        vm.ioctl("KVM_IRQ_LINE", KvmIoctl.KVM_IRQ_LINE, struct, "gsi=" + gsi + ", level=" + asserted);
    }
}
