package org.kvmbeans.arch.x86.boot;

import java.util.List;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootTarget.Placed;
import org.kvmbeans.memory.GuestMemory;

/** An ELF kernel entered by the PVH protocol (Xen docs/misc/pvh, xen/arch-x86/hvm/start_info.h version 1). */
final class PvhImage implements KernelImage {
    private static final int MAGIC = 0x336EC578;
    private static final int VERSION = 1;
    private static final int MODULE_OFFSET = 0x100;
    private static final int MAP_OFFSET = 0x200;
    private static final int MAP_ENTRY_BYTES = 24;
    /** The protocol sets no limit; Linux keeps 2,048 bytes with the terminating zero, and drops the rest in silence. */
    private static final int COMMAND_LINE_LIMIT = 2047;

    private final ImageFile file;
    private final ElfImage elf;
    private final long entry;

    PvhImage(ImageFile file, ElfImage elf, long entry) {
        this.file = file;
        this.elf = elf;
        this.entry = elf.checkedEntry(file, entry);
    }

    @Override
    public int commandLineLimitBytes() {
        return COMMAND_LINE_LIMIT;
    }

    @Override
    public CpuEntry load(BootTarget target) {
        elf.load(file, target);
        Placed initrd = target.placeInitrd(PcLayout.HOLE_START);
        target.writeCommandLine();
        writeStartInfo(target, initrd);
        BootGdt.write(target.memory(), false);
        return CpuEntry.protectedMode(entry, 0, PcLayout.START_INFO);
    }

    private static void writeStartInfo(BootTarget target, Placed initrd) {
        GuestMemory memory = target.memory();
        long info = PcLayout.START_INFO;
        List<MemoryMap.Entry> map = target.memoryMap();
        target.clear(info, PcLayout.START_INFO_BYTES);
        memory.putInt(info, MAGIC);
        memory.putInt(info + 4, VERSION);
        if (initrd.lengthBytes() > 0) {
            memory.putInt(info + 12, 1);
            memory.putLong(info + 16, info + MODULE_OFFSET);
            memory.putLong(info + MODULE_OFFSET, initrd.start());
            memory.putLong(info + MODULE_OFFSET + 8, initrd.lengthBytes());
        }
        memory.putLong(info + 24, PcLayout.COMMAND_LINE);
        memory.putLong(info + 32, target.rsdp());
        memory.putLong(info + 40, info + MAP_OFFSET);
        memory.putInt(info + 48, map.size());
        long at = info + MAP_OFFSET;
        for (MemoryMap.Entry stretch : map) {
            memory.putLong(at, stretch.start());
            memory.putLong(at + 8, stretch.lengthBytes());
            memory.putInt(at + 16, stretch.type());
            at += MAP_ENTRY_BYTES;
        }
    }
}
