package org.kvmbeans.kvm;

/** Offsets in {@code struct kvm_run}: KVM api.rst 5; proven by {@code KvmLayoutTest}. */
final class KvmRun {
    static final int IMMEDIATE_EXIT = 1;
    static final int EXIT_REASON = 8;

    static final int HARDWARE_EXIT_REASON = 32;

    static final int ENTRY_FAILURE_REASON = 32;
    static final int ENTRY_FAILURE_CPU = 40;

    static final int EXCEPTION = 32;
    static final int EXCEPTION_ERROR_CODE = 36;

    static final int IO_DIRECTION = 32;
    static final int IO_SIZE = 33;
    static final int IO_PORT = 34;
    static final int IO_COUNT = 36;
    static final int IO_DATA_OFFSET = 40;

    static final int MMIO_ADDRESS = 32;
    static final int MMIO_DATA = 40;
    static final int MMIO_LENGTH = 48;
    static final int MMIO_IS_WRITE = 52;

    static final int INTERNAL_SUBERROR = 32;
    static final int INTERNAL_DATA_COUNT = 36;
    static final int INTERNAL_DATA = 40;
    static final int INTERNAL_DATA_MAX = 16;

    static final int SYSTEM_EVENT_TYPE = 32;

    static final int MSR_ERROR = 32;
    static final int MSR_INDEX = 44;
    static final int MSR_DATA = 48;

    static final int MEMORY_FAULT_FLAGS = 32;
    static final int MEMORY_FAULT_ADDRESS = 40;

    private KvmRun() {}
}
