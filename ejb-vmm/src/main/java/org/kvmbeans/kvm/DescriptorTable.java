package org.kvmbeans.kvm;

/** Descriptor table registers of {@code struct kvm_sregs}. */
public enum DescriptorTable {
    GDT(192),
    IDT(208);

    private final int offset;

    DescriptorTable(int offset) {
        this.offset = offset;
    }

    int offset() {
        return offset;
    }
}
