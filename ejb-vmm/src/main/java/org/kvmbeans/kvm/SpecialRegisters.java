package org.kvmbeans.kvm;

import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** {@code struct kvm_sregs}: segment, descriptor table and control registers of a vCPU, a copy. */
public final class SpecialRegisters {
    static final int BYTES = 312;

    private static final int TABLE_LIMIT_OFFSET = 8;

    private final NativeStruct struct;

    SpecialRegisters(Posix posix) {
        struct = new NativeStruct(posix, BYTES);
    }

    public Segment segment(SegmentRegister register) {
        return Segment.readFrom(struct.buffer(), register.offset());
    }

    public void set(SegmentRegister register, Segment segment) {
        segment.writeTo(struct.buffer(), register.offset());
    }

    public long get(ControlRegister register) {
        return struct.buffer().getLong(register.offset());
    }

    public void set(ControlRegister register, long value) {
        struct.buffer().putLong(register.offset(), value);
    }

    /**
     * Places a descriptor table.
     *
     * @param base linear address
     * @param limit offset of the last byte, 0 to 65,535
     */
    public void set(DescriptorTable table, long base, int limit) {
        struct.buffer().putLong(table.offset(), base);
        struct.buffer().putShort(table.offset() + TABLE_LIMIT_OFFSET, (short) limit);
    }

    NativeStruct struct() {
        return struct;
    }
}
