package org.kvmbeans.kvm;

/** Request numbers of the KVM interface on x86-64: {@code linux/kvm.h}; proven by {@code KvmLayoutTest}. */
final class KvmIoctl {
    static final long KVM_GET_API_VERSION = 0xAE00;
    static final long KVM_CREATE_VM = 0xAE01;
    static final long KVM_CHECK_EXTENSION = 0xAE03;
    static final long KVM_GET_VCPU_MMAP_SIZE = 0xAE04;
    static final long KVM_GET_SUPPORTED_CPUID = 0xC008AE05L;

    static final long KVM_CREATE_VCPU = 0xAE41;
    static final long KVM_SET_USER_MEMORY_REGION = 0x4020AE46;
    static final long KVM_SET_TSS_ADDR = 0xAE47;
    static final long KVM_SET_IDENTITY_MAP_ADDR = 0x4008AE48;
    static final long KVM_CREATE_IRQCHIP = 0xAE60;
    static final long KVM_IRQ_LINE = 0x4008AE61;
    static final long KVM_CREATE_PIT2 = 0x4040AE77;
    static final long KVM_SET_CLOCK = 0x4030AE7B;
    static final long KVM_GET_CLOCK = 0x8030AE7CL;

    static final long KVM_RUN = 0xAE80;
    static final long KVM_GET_REGS = 0x8090AE81L;
    static final long KVM_SET_REGS = 0x4090AE82;
    static final long KVM_GET_SREGS = 0x8138AE83L;
    static final long KVM_SET_SREGS = 0x4138AE84;
    static final long KVM_SET_MSRS = 0x4008AE89;
    static final long KVM_SET_SIGNAL_MASK = 0x4004AE8B;
    static final long KVM_SET_CPUID2 = 0x4008AE90;
    static final long KVM_KVMCLOCK_CTRL = 0xAEAD;

    static final long KVM_SET_GSI_ROUTING = 0x4008AE6A;
    static final long KVM_IRQFD = 0x4020AE76;
    static final long KVM_IOEVENTFD = 0x4040AE79;
    static final long KVM_ENABLE_CAP = 0x4068AEA3;
    static final long KVM_SIGNAL_MSI = 0x4020AEA5;

    private KvmIoctl() {}
}
