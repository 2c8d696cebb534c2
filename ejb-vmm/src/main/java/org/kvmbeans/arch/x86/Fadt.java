package org.kvmbeans.arch.x86;

import org.kvmbeans.arch.x86.acpi.AcpiTable;

/** The fixed ACPI description table (ACPI 6.5, 5.2.9). */
final class Fadt {
    private static final int REVISION = 6;
    private static final int MINOR_REVISION = 5;
    private static final int PROFILE_ENTERPRISE_SERVER = 4;
    /** Latencies above these values say that C2 and C3 are not there. */
    private static final int NO_C2 = 0xFFF;

    private static final int NO_C3 = 0xFFF;

    private static final int BOOT_LEGACY_DEVICES = 1;
    private static final int BOOT_8042 = 1 << 1;
    private static final int BOOT_NO_VGA = 1 << 2;
    private static final int BOOT_NO_ASPM = 1 << 4;

    private static final int WBINVD = 1;
    private static final int C1_ON_ALL = 1 << 2;
    private static final int NO_FIXED_SLEEP_BUTTON = 1 << 5;
    private static final int NO_FIXED_RTC_WAKE = 1 << 6;
    private static final int TIMER_32_BITS = 1 << 8;
    private static final int RESET_REGISTER = 1 << 10;
    private static final int HEADLESS = 1 << 12;

    private static final int BYTE_ACCESS = 1;
    private static final int WORD_ACCESS = 2;
    private static final int DWORD_ACCESS = 3;

    private Fadt() {}

    static byte[] build(PcConfiguration configuration, long facs, long dsdt) {
        AcpiTable table = new AcpiTable("FACP", REVISION);
        table.u32(facs).u32(dsdt).u8(0).u8(PROFILE_ENTERPRISE_SERVER).u16(PcLayout.SCI_IRQ);
        // No SMI command port: ACPI is on from the start, and cannot be left.
        table.u32(0).zeros(4);
        registers(table);
        table.u16(NO_C2).u16(NO_C3).zeros(4).zeros(4).u8(PcLayout.RTC_CENTURY_REGISTER);
        table.u16(bootFlags(configuration)).u8(0);
        table.u32(WBINVD
                | C1_ON_ALL
                | NO_FIXED_SLEEP_BUTTON
                | NO_FIXED_RTC_WAKE
                | TIMER_32_BITS
                | RESET_REGISTER
                | HEADLESS);
        table.ioAddress(PcLayout.RESET_PORT, 8, BYTE_ACCESS)
                .u8(PcLayout.RESET_VALUE)
                .u16(0)
                .u8(MINOR_REVISION);
        // Where the 32-bit FACS address is set the 64-bit one has to be zero.
        table.u64(0).u64(dsdt);
        extendedRegisters(table);
        // Sleep control and status registers of reduced hardware; hypervisor vendor.
        table.zeros(24).zeros(8);
        return table.toBytes();
    }

    private static void registers(AcpiTable table) {
        table.u32(PcLayout.PM1A_EVENT_PORT).u32(0);
        table.u32(PcLayout.PM1A_CONTROL_PORT).u32(0).u32(0);
        table.u32(PcLayout.PM_TIMER_PORT).u32(PcLayout.GPE0_PORT).u32(0);
        table.u8(PcLayout.PM1A_EVENT_PORTS).u8(PcLayout.PM1A_CONTROL_PORTS).u8(0);
        table.u8(PcLayout.PM_TIMER_PORTS).u8(PcLayout.GPE0_PORTS).u8(0).u8(0).u8(0);
    }

    private static void extendedRegisters(AcpiTable table) {
        table.ioAddress(PcLayout.PM1A_EVENT_PORT, PcLayout.PM1A_EVENT_PORTS * Byte.SIZE, WORD_ACCESS);
        table.ioAddress(0, 0, 0);
        table.ioAddress(PcLayout.PM1A_CONTROL_PORT, PcLayout.PM1A_CONTROL_PORTS * Byte.SIZE, WORD_ACCESS);
        table.ioAddress(0, 0, 0).ioAddress(0, 0, 0);
        table.ioAddress(PcLayout.PM_TIMER_PORT, PcLayout.PM_TIMER_PORTS * Byte.SIZE, DWORD_ACCESS);
        table.ioAddress(PcLayout.GPE0_PORT, PcLayout.GPE0_PORTS * Byte.SIZE, BYTE_ACCESS);
        table.ioAddress(0, 0, 0);
    }

    private static int bootFlags(PcConfiguration configuration) {
        int flags = BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_ASPM;
        return configuration.keyboardController() ? flags | BOOT_8042 : flags;
    }
}
