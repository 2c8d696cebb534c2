package org.kvmbeans.arch.x86;

import org.kvmbeans.kvm.ControlRegister;
import org.kvmbeans.kvm.DescriptorTable;
import org.kvmbeans.kvm.Register;
import org.kvmbeans.kvm.Registers;
import org.kvmbeans.kvm.Segment;
import org.kvmbeans.kvm.SegmentRegister;
import org.kvmbeans.kvm.SpecialRegisters;

/**
 * How the first vCPU enters a kernel that has been loaded. The others wait in KVM for the start-up interrupt that the kernel
 * sends them.
 *
 * @param mode what the CPU is doing already
 * @param instructionPointer guest-physical address of the entry point
 * @param rax value of RAX
 * @param rbx value of RBX
 * @param rsi value of RSI
 */
public record CpuEntry(Mode mode, long instructionPointer, long rax, long rbx, long rsi) {
    /** Operating modes at entry; memory is flat in both. */
    public enum Mode {
        /** 32-bit protected mode, paging off. */
        PROTECTED_32,
        /** 64-bit mode, the first 4 GiB mapped onto themselves by the tables at {@link PcLayout#PAGE_TABLES}. */
        LONG_64
    }

    /** Selectors in the GDT at {@link PcLayout#GDT}; those of code and data are what Linux wants them to be. */
    public static final int CODE_SELECTOR = 0x10;

    public static final int DATA_SELECTOR = 0x18;
    public static final int TASK_SELECTOR = 0x20;
    /** Size of that GDT in bytes. */
    public static final int GDT_BYTES = 5 * Long.BYTES;

    // Intel SDM volume 3, 2.5 and volume 4, table 2-2.
    private static final long CR0_PE = 1;
    private static final long CR0_ET = 1 << 4;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME = 1 << 8;
    private static final long EFER_LMA = 1 << 10;
    /** Enables x2APIC mode (Intel SDM volume 3, 11.12.1). */
    private static final long APIC_BASE_EXTD = 1 << 10;
    /** Bit 1 is always set; interrupts are off. */
    private static final long RFLAGS = 2;

    /** Linux' 64-bit boot protocol: RSI points to the zero page. */
    public static CpuEntry longMode(long instructionPointer, long zeroPage) {
        return new CpuEntry(Mode.LONG_64, instructionPointer, 0, 0, zeroPage);
    }

    /** PVH and Multiboot: EBX points to the boot information. */
    public static CpuEntry protectedMode(long instructionPointer, long eax, long ebx) {
        return new CpuEntry(Mode.PROTECTED_32, instructionPointer, eax, ebx, 0);
    }

    /** Sets all general registers. */
    public void applyTo(Registers registers) {
        for (Register register : Register.values()) {
            registers.set(register, 0);
        }
        registers.set(Register.RIP, instructionPointer);
        registers.set(Register.RFLAGS, RFLAGS);
        registers.set(Register.RAX, rax);
        registers.set(Register.RBX, rbx);
        registers.set(Register.RSI, rsi);
    }

    /**
     * Sets segments, descriptor tables and modes. The local APIC stays where it is; where APIC ids need it, x2APIC mode is on,
     * as firmware leaves it: Linux passes over larger ids in the tables otherwise.
     */
    public void applyTo(SpecialRegisters registers, CpuTopology topology) {
        boolean longMode = mode == Mode.LONG_64;
        registers.set(SegmentRegister.CS, longMode ? Segment.code64(CODE_SELECTOR) : Segment.code32(CODE_SELECTOR));
        Segment data = Segment.data(DATA_SELECTOR);
        registers.set(SegmentRegister.DS, data);
        registers.set(SegmentRegister.ES, data);
        registers.set(SegmentRegister.FS, data);
        registers.set(SegmentRegister.GS, data);
        registers.set(SegmentRegister.SS, data);
        registers.set(SegmentRegister.TR, Segment.taskState(TASK_SELECTOR));
        registers.set(DescriptorTable.GDT, PcLayout.GDT, GDT_BYTES - 1);
        registers.set(DescriptorTable.IDT, 0, 0);
        registers.set(ControlRegister.CR0, longMode ? CR0_PE | CR0_ET | CR0_PG : CR0_PE | CR0_ET);
        registers.set(ControlRegister.CR3, longMode ? PcLayout.PAGE_TABLES : 0);
        registers.set(ControlRegister.CR4, longMode ? CR4_PAE : 0);
        registers.set(ControlRegister.EFER, longMode ? EFER_LME | EFER_LMA : 0);
        if (topology.needsX2Apic()) {
            registers.set(ControlRegister.APIC_BASE, registers.get(ControlRegister.APIC_BASE) | APIC_BASE_EXTD);
        }
    }
}
