package org.kvmbeans.kvm;

import java.nio.ByteBuffer;

/** Decodes the exits of one vCPU (KVM api.rst 5) and hands them to its machine; vCPU thread only. */
public final class ExitDecoder {
    private static final int DIRECTION_IN = 0;
    private static final int SYSTEM_EVENT_RESET = 2;
    private static final int MMIO_MAX_BYTES = 8;

    private final KvmVcpu vcpu;
    private final ByteBuffer run;
    private final ExitHandler handler;

    public ExitDecoder(KvmVcpu vcpu, ExitHandler handler) {
        this.vcpu = vcpu;
        this.run = vcpu.runBuffer();
        this.handler = handler;
    }

    /** Handles the exit that {@link KvmVcpu#run} has just come back with, and says which it was. */
    public ExitReason handle() {
        int number = run.getInt(KvmRun.EXIT_REASON);
        ExitReason reason = ExitReason.of(number);
        switch (reason) {
            case IO -> portIo();
            case MMIO -> mmio();
            case SHUTDOWN -> handler.tripleFault();
            case SYSTEM_EVENT -> handler.systemEvent(run.getInt(KvmRun.SYSTEM_EVENT_TYPE) == SYSTEM_EVENT_RESET);
            // Nothing to do but to enter again: a halt without in-kernel irqchip, a window, a notice.
            case HLT, INTR, IRQ_WINDOW_OPEN, SET_TPR, NMI, IOAPIC_EOI, BUS_LOCK, NOTIFY, DIRTY_RING_FULL -> {}
            case RDMSR, WRMSR -> run.put(KvmRun.MSR_ERROR, (byte) 1); // the guest gets a #GP
            default -> handler.failure(describe(reason, number));
        }
        return reason;
    }

    private void portIo() {
        int size = run.get(KvmRun.IO_SIZE);
        int port = run.getShort(KvmRun.IO_PORT) & 0xFFFF;
        int count = run.getInt(KvmRun.IO_COUNT);
        int at = (int) run.getLong(KvmRun.IO_DATA_OFFSET);
        boolean in = run.get(KvmRun.IO_DIRECTION) == DIRECTION_IN;
        for (int i = 0; i < count; i++, at += size) {
            if (in) {
                put(at, size, handler.readPort(port, size));
            } else {
                handler.writePort(port, size, get(at, size));
            }
        }
    }

    private void mmio() {
        long gpa = run.getLong(KvmRun.MMIO_ADDRESS);
        int size = run.getInt(KvmRun.MMIO_LENGTH);
        if (size < 1 || size > MMIO_MAX_BYTES) {
            handler.failure("memory-mapped access of " + size + " bytes");
        } else if (run.get(KvmRun.MMIO_IS_WRITE) != 0) {
            long mask = size == MMIO_MAX_BYTES ? -1L : (1L << (size * Byte.SIZE)) - 1;
            handler.writeMmio(gpa, size, run.getLong(KvmRun.MMIO_DATA) & mask);
        } else {
            run.putLong(KvmRun.MMIO_DATA, handler.readMmio(gpa, size));
        }
    }

    private long get(int at, int size) {
        return switch (size) {
            case 1 -> run.get(at) & 0xFFL;
            case 2 -> run.getShort(at) & 0xFFFFL;
            default -> run.getInt(at) & 0xFFFF_FFFFL;
        };
    }

    private void put(int at, int size, long value) {
        switch (size) {
            case 1 -> run.put(at, (byte) value);
            case 2 -> run.putShort(at, (short) value);
            default -> run.putInt(at, (int) value);
        }
    }

    private String describe(ExitReason reason, int number) {
        String detail = switch (reason) {
            case FAIL_ENTRY ->
                String.format(
                        "KVM_EXIT_FAIL_ENTRY: hardware reason 0x%x on host CPU %d",
                        run.getLong(KvmRun.ENTRY_FAILURE_REASON), run.getInt(KvmRun.ENTRY_FAILURE_CPU));
            case UNKNOWN ->
                String.format("KVM_EXIT_UNKNOWN: hardware reason 0x%x", run.getLong(KvmRun.HARDWARE_EXIT_REASON));
            case EXCEPTION ->
                String.format(
                        "KVM_EXIT_EXCEPTION: vector %d, error code 0x%x",
                        run.getInt(KvmRun.EXCEPTION), run.getInt(KvmRun.EXCEPTION_ERROR_CODE));
            case INTERNAL_ERROR -> internalError();
            case MEMORY_FAULT ->
                String.format("KVM_EXIT_MEMORY_FAULT at 0x%x", run.getLong(KvmRun.MEMORY_FAULT_ADDRESS));
            default -> "exit reason " + number + " (" + reason + ") that this machine never asked for";
        };
        return String.format(
                "vCPU %d: %s, rip 0x%x", vcpu.id(), detail, vcpu.registers().get(Register.RIP));
    }

    private String internalError() {
        StringBuilder text = new StringBuilder("KVM_EXIT_INTERNAL_ERROR: ");
        int suberror = run.getInt(KvmRun.INTERNAL_SUBERROR);
        text.append(
                switch (suberror) {
                    case 1 -> "an instruction that KVM cannot emulate";
                    case 2 -> "simultaneous exceptions";
                    case 3 -> "an exit while an event was delivered";
                    case 4 -> "an exit reason that KVM does not know";
                    default -> "suberror " + suberror;
                });
        int count = Math.min(run.getInt(KvmRun.INTERNAL_DATA_COUNT), KvmRun.INTERNAL_DATA_MAX);
        for (int i = 0; i < count; i++) {
            text.append(String.format(" %x", run.getLong(KvmRun.INTERNAL_DATA + i * Long.BYTES)));
        }
        return text.toString();
    }
}
