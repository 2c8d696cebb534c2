package org.kvmbeans.kvm;

/** Segment registers, in the order of {@code struct kvm_sregs}. */
public enum SegmentRegister {
    CS,
    DS,
    ES,
    FS,
    GS,
    SS,
    TR,
    LDT;

    @SuppressWarnings("EnumOrdinal") // the order here is the order there
    int offset() {
        return ordinal() * Segment.BYTES;
    }
}
