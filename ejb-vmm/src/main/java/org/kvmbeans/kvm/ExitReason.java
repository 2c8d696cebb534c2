package org.kvmbeans.kvm;

/** Why KVM_RUN came back: KVM api.rst 5, numbers of {@code linux/kvm.h}. */
public enum ExitReason {
    UNKNOWN(0),
    EXCEPTION(1),
    IO(2),
    HYPERCALL(3),
    DEBUG(4),
    HLT(5),
    MMIO(6),
    IRQ_WINDOW_OPEN(7),
    SHUTDOWN(8),
    FAIL_ENTRY(9),
    /** A signal, here always a kick. */
    INTR(10),
    SET_TPR(11),
    TPR_ACCESS(12),
    NMI(16),
    INTERNAL_ERROR(17),
    WATCHDOG(21),
    SYSTEM_EVENT(24),
    IOAPIC_EOI(26),
    HYPERV(27),
    RDMSR(29),
    WRMSR(30),
    DIRTY_RING_FULL(31),
    AP_RESET_HOLD(32),
    BUS_LOCK(33),
    XEN(34),
    NOTIFY(37),
    MEMORY_FAULT(39),
    TDX(40),
    /** A number that this list, and so this machine, does not have. */
    OTHER(63);

    /** Numbers are below this. */
    static final int LIMIT = 64;

    private static final ExitReason[] BY_NUMBER = new ExitReason[LIMIT];

    static {
        for (ExitReason reason : values()) {
            BY_NUMBER[reason.number] = reason;
        }
        for (int number = 0; number < LIMIT; number++) {
            if (BY_NUMBER[number] == null) {
                BY_NUMBER[number] = OTHER;
            }
        }
    }

    private final int number;

    ExitReason(int number) {
        this.number = number;
    }

    /** The number that KVM gives it. */
    public int number() {
        return number;
    }

    /** The reason of a number, {@link #OTHER} where it has none. */
    public static ExitReason of(int number) {
        return number >= 0 && number < LIMIT ? BY_NUMBER[number] : OTHER;
    }
}
