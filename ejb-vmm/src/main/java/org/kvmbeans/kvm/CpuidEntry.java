package org.kvmbeans.kvm;

/**
 * {@code struct kvm_cpuid_entry2}: what CPUID answers for one leaf, and subleaf where {@link #SIGNIFICANT_INDEX} is set.
 *
 * @param function the leaf, unsigned
 * @param index the subleaf, unsigned
 * @param flags {@link #SIGNIFICANT_INDEX} or 0
 */
public record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
    /** KVM_CPUID_FLAG_SIGNIFCANT_INDEX: the entry answers for its {@code index} only. */
    public static final int SIGNIFICANT_INDEX = 1;

    static final int BYTES = 40;
}
