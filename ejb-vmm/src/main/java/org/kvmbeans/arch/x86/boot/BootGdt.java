package org.kvmbeans.arch.x86.boot;

import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.memory.GuestMemory;

/** The descriptor table that a vCPU starts with. Selectors are those of the Linux boot protocol. */
final class BootGdt {
    static final int BYTES = CpuEntry.GDT_BYTES;

    // Intel SDM volume 3, 3.4.5: flat, present, ring 0, accessed; code is execute/read, data read/write.
    private static final long CODE_64 = 0x00AF_9B00_0000_FFFFL;
    private static final long CODE_32 = 0x00CF_9B00_0000_FFFFL;
    private static final long DATA = 0x00CF_9300_0000_FFFFL;
    private static final long BUSY_TSS = 0x0000_8B00_0000_0067L;

    private BootGdt() {}

    static void write(GuestMemory memory, boolean longMode) {
        memory.putLong(PcLayout.GDT, 0);
        memory.putLong(PcLayout.GDT + 8, 0);
        memory.putLong(PcLayout.GDT + 16, longMode ? CODE_64 : CODE_32);
        memory.putLong(PcLayout.GDT + 24, DATA);
        memory.putLong(PcLayout.GDT + 32, BUSY_TSS);
    }
}
