package org.kvmbeans.kvm;

import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** {@code struct kvm_regs}: the general registers of a vCPU, a copy. */
public final class Registers {
    static final int BYTES = 144;

    private final NativeStruct struct;

    Registers(Posix posix) {
        struct = new NativeStruct(posix, BYTES);
    }

    public long get(Register register) {
        return struct.buffer().getLong(register.offset());
    }

    public void set(Register register, long value) {
        struct.buffer().putLong(register.offset(), value);
    }

    NativeStruct struct() {
        return struct;
    }
}
