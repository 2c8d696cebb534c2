package org.kvmbeans.arch.x86;

/**
 * Where things are in the machine: I/O ports, interrupt lines, guest-physical addresses. What the guest is told in its
 * tables and what devices answer to come from here.
 *
 * <p>Lines are global system interrupts. KVM's default routing joins each to the I/O APIC's pin and, below 16, the PIC's
 * pin of the same number, the timer's line 0 too.
 */
public final class PcLayout {
    /** First serial port, eight ports. */
    public static final int COM1_PORT = 0x3F8;

    public static final int COM1_PORTS = 8;
    public static final int COM1_IRQ = 4;

    /** CMOS RTC: index and data port. */
    public static final int RTC_PORT = 0x70;

    public static final int RTC_PORTS = 2;
    public static final int RTC_IRQ = 8;
    /** CMOS register that holds the century; the FADT tells it. */
    public static final int RTC_CENTURY_REGISTER = 0x32;

    /** Keyboard controller: data, and status and command. */
    public static final int I8042_DATA_PORT = 0x60;

    public static final int I8042_COMMAND_PORT = 0x64;
    public static final int I8042_KEYBOARD_IRQ = 1;

    /** Reset control register, as chipsets have it: writing {@link #RESET_VALUE} resets the machine. */
    public static final int RESET_PORT = 0xCF9;

    public static final int RESET_VALUE = 0x06;

    /** ACPI PM1a event block: status, then enable, 16 bits each. */
    public static final int PM1A_EVENT_PORT = 0x600;

    public static final int PM1A_EVENT_PORTS = 4;
    /** ACPI PM1a control register, 16 bits. */
    public static final int PM1A_CONTROL_PORT = 0x604;

    public static final int PM1A_CONTROL_PORTS = 2;
    /** ACPI power management timer: 32 bits, counts at {@link #PM_TIMER_HERTZ}. */
    public static final int PM_TIMER_PORT = 0x608;

    public static final int PM_TIMER_PORTS = 4;
    public static final int PM_TIMER_HERTZ = 3_579_545;
    /** ACPI general-purpose event block 0: 16 bits of status, then 16 of enable. */
    public static final int GPE0_PORT = 0x60C;

    public static final int GPE0_PORTS = 4;
    /** General-purpose event of PCI slots that devices have come to or are to leave. */
    public static final int PCI_HOTPLUG_GPE = 1;
    /** General-purpose event of vCPUs that have come or are to go. */
    public static final int CPU_HOTPLUG_GPE = 2;
    /** Registers of PCI hot plug, as {@code legacy.PciHotplug} has them. */
    public static final int PCI_HOTPLUG_PORT = 0x620;

    public static final int PCI_HOTPLUG_PORTS = 12;
    /** Registers of vCPU hot plug, as {@code legacy.CpuHotplug} has them. */
    public static final int CPU_HOTPLUG_PORT = 0x630;

    public static final int CPU_HOTPLUG_PORTS = 12;
    /** Interrupt of ACPI events: level-triggered, active high. */
    public static final int SCI_IRQ = 9;
    /** SLP_TYP of soft-off, as {@code \_S5} tells it; written with SLP_EN to the control register. */
    public static final int S5_SLEEP_TYPE = 5;

    /** PCI configuration mechanism 1: address, then data, 32 bits each (PCI 3.0, 3.2.2.3.2). */
    public static final int PCI_CONFIG_PORT = 0xCF8;

    public static final int PCI_CONFIG_PORTS = 8;
    /** Highest slot of bus 0; slot 0 is the host bridge. */
    public static final int PCI_LAST_SLOT = 31;
    /** First of the lines that PCI interrupt pins share: level-triggered, active high. */
    public static final int PCI_INTX_GSI = 16;

    public static final int PCI_INTX_GSIS = 8;

    /** A test device: what is written to it ends the machine with that status. */
    public static final int DEBUG_EXIT_PORT = 0xF4;

    public static final int DEBUG_EXIT_PORTS = 4;

    /** BIOS data area: word at {@code 0x40E} is the EBDA's segment, at {@code 0x413} conventional memory in KiB. */
    public static final long BIOS_DATA_AREA = 0x400;

    public static final long GDT = 0x500;
    public static final long ZERO_PAGE = 0x7000;
    /** What PVH and Multiboot kernels are told lies in the same place as Linux' zero page. */
    public static final long START_INFO = ZERO_PAGE;

    public static final long START_INFO_BYTES = 0x1000;
    /** Identity-mapping page tables: a PML4, a page directory pointer table and four page directories. */
    public static final long PAGE_TABLES = 0x9000;

    public static final long COMMAND_LINE = 0x20000;
    /** Room for the command line and its terminating zero, bytes. */
    public static final int COMMAND_LINE_BYTES = 0x10000;

    /** Extended BIOS data area; RAM below 1 MiB ends here. */
    public static final long EBDA = 0x9FC00;
    /** From here to 1 MiB: video memory and firmware, as far as software can tell. */
    public static final long VIDEO_MEMORY = 0xA0000;
    /** The ACPI table of vCPU objects, which grows with their number; up to {@link #ACPI_TABLES}. */
    public static final long ACPI_CPU_TABLE = 0xC0000;
    /** RSDP, where firmware has it and kernels look for it, followed by the other ACPI tables, up to 1 MiB. */
    public static final long ACPI_TABLES = 0xE0000;

    public static final long ACPI_TABLES_END = 0x100000;
    /** RAM above the first megabyte. */
    public static final long HIGH_MEMORY = 0x100000;

    /** RAM is absent from here to {@link #HOLE_END}: devices are there. */
    public static final long HOLE_START = 3L << 30;

    public static final long HOLE_END = 4L << 30;

    /** Where BARs below 4 GiB lie. */
    public static final PciWindow PCI_WINDOW_32 = new PciWindow(0xC000_0000L, 0x2000_0000L);
    /** PCI Express configuration space of bus 0, 4 KiB a function (PCI Express base specification, 7.2.2). */
    public static final long PCI_ECAM = 0xE000_0000L;

    public static final long PCI_ECAM_BYTES = 1 << 20;

    public static final long IOAPIC = 0xFEC00000L;
    /** What KVM's I/O APIC says when its identity register is read. */
    public static final int IOAPIC_ID = 0;

    public static final long LOCAL_APIC = 0xFEE00000L;
    /** One page, for KVM_SET_IDENTITY_MAP_ADDR. */
    public static final long KVM_IDENTITY_MAP = 0xFFFBC000L;
    /** Three pages, for KVM_SET_TSS_ADDR. */
    public static final long KVM_TSS = 0xFFFBD000L;

    /** End of what KVM keeps for itself in the guest's address space. */
    public static final long KVM_RESERVED_END = 0xFFFC0000L;

    private PcLayout() {}

    /**
     * The line that a PCI interrupt pin is wired to; neighbouring slots take turns, so that few share one.
     *
     * @param slot 1 to 31
     * @param pin 0 for INTA to 3 for INTD
     */
    public static int pciIntxGsi(int slot, int pin) {
        return PCI_INTX_GSI + (slot + pin) % PCI_INTX_GSIS;
    }

    /** How much of a guest's RAM lies below the hole, in bytes. */
    public static long ramBelowHole(long ramBytes) {
        return Math.min(ramBytes, HOLE_START);
    }

    /** How much of a guest's RAM lies at 4 GiB and above, in bytes. */
    public static long ramAbove4Gib(long ramBytes) {
        return ramBytes - ramBelowHole(ramBytes);
    }
}
