package org.kvmbeans.kvm;

/** General registers, in the order of {@code struct kvm_regs}. */
public enum Register {
    RAX,
    RBX,
    RCX,
    RDX,
    RSI,
    RDI,
    RSP,
    RBP,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    RIP,
    RFLAGS;

    @SuppressWarnings("EnumOrdinal") // the order here is the order there
    int offset() {
        return ordinal() * Long.BYTES;
    }
}
