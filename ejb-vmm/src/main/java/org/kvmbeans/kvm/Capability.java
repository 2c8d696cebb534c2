package org.kvmbeans.kvm;

/** Extensions of KVM that the VMM asks about: KVM api.rst 4.4 and 8, numbers of {@code linux/kvm.h}. */
public enum Capability {
    IRQCHIP(0),
    USER_MEMORY(3),
    SET_TSS_ADDR(4),
    EXT_CPUID(7),
    NR_VCPUS(9),
    NR_MEMSLOTS(10),
    MP_STATE(14),
    IRQ_ROUTING(25),
    IRQFD(32),
    PIT2(33),
    IOEVENTFD(36),
    SET_IDENTITY_MAP_ADDR(37),
    ADJUST_CLOCK(39),
    MAX_VCPUS(66),
    TSC_DEADLINE_TIMER(72),
    KVMCLOCK_CTRL(76),
    SIGNAL_MSI(77),
    READONLY_MEM(81),
    IRQFD_RESAMPLE(82),
    ENABLE_CAP_VM(98),
    IOEVENTFD_ANY_LENGTH(122),
    MAX_VCPU_ID(128),
    X2APIC_API(129),
    IMMEDIATE_EXIT(136);

    private final int number;

    Capability(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
