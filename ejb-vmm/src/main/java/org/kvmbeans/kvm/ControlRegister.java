package org.kvmbeans.kvm;

/** Control registers of {@code struct kvm_sregs}. */
public enum ControlRegister {
    CR0(224),
    CR2(232),
    CR3(240),
    CR4(248),
    CR8(256),
    EFER(264),
    APIC_BASE(272);

    private final int offset;

    ControlRegister(int offset) {
        this.offset = offset;
    }

    int offset() {
        return offset;
    }
}
