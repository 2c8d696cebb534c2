package org.kvmbeans.kvm;

/**
 * A model-specific register and its value: {@code struct kvm_msr_entry}.
 *
 * @param index the register's number, unsigned
 * @param value its 64 bits
 */
public record Msr(int index, long value) {
    static final int BYTES = 16;
}
