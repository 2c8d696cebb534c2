package org.kvmbeans.arch.x86.boot;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootException.Kind;
import org.kvmbeans.arch.x86.boot.BootTarget.Placed;
import org.kvmbeans.memory.GuestMemory;

/** A Multiboot 1 kernel, loaded by its ELF headers or by its own addresses (Multiboot specification 0.6.96). */
final class MultibootImage implements KernelImage {
    private static final int LOADER_MAGIC = 0x2BADB002;
    private static final int COMMAND_LINE_LIMIT = 4095;

    private static final int HAS_MEMORY = 1;
    private static final int HAS_COMMAND_LINE = 1 << 2;
    private static final int HAS_MODULES = 1 << 3;
    private static final int HAS_MAP = 1 << 6;
    private static final int HAS_LOADER_NAME = 1 << 9;
    private static final int MODULE_OFFSET = 0x100;
    private static final int LOADER_NAME_OFFSET = 0x180;
    private static final int EMPTY_STRING_OFFSET = 0x1FF;
    private static final int MAP_OFFSET = 0x200;
    /** Size of a map entry, without the size field in front of it. */
    private static final int MAP_ENTRY_BYTES = 20;

    private static final byte[] LOADER_NAME = "KVM Beans\0".getBytes(StandardCharsets.US_ASCII);
    private static final int KIB = 1024;

    private final ImageFile file;
    private final ElfImage elf;
    private final long entry;

    private MultibootImage(ImageFile file, ElfImage elf, long entry) {
        this.file = file;
        this.elf = elf;
        this.entry = entry;
    }

    static MultibootImage elf(ImageFile file, ElfImage elf) {
        return new MultibootImage(file, elf, elf.physicalEntry(file));
    }

    /** An image whose header says what is loaded where; it becomes one segment. */
    static MultibootImage flat(ImageFile file, MultibootHeader header) {
        if (!header.hasAddresses()) {
            throw file.problem(
                    Kind.UNSUPPORTED,
                    "has a Multiboot header without addresses, but is no ELF file; set flag 0x10000 or link it as ELF");
        }
        long offset = header.fileOffset() - (header.header() - header.load());
        long fileBytes = header.loadEnd() == 0 ? file.sizeBytes() - offset : header.loadEnd() - header.load();
        long memoryBytes = header.bssEnd() == 0 ? fileBytes : header.bssEnd() - header.load();
        if (header.load() > header.header() || offset < 0 || fileBytes <= 0 || memoryBytes < fileBytes) {
            throw file.problem(
                    Kind.CORRUPT,
                    String.format(
                            "has a Multiboot header whose addresses contradict each other: "
                                    + "header 0x%x, load 0x%x to 0x%x, clear to 0x%x",
                            header.header(), header.load(), header.loadEnd(), header.bssEnd()));
        }
        if (!file.holds(offset, fileBytes)) {
            throw file.truncated("the part to be loaded", offset, fileBytes);
        }
        ElfImage.Segment all = new ElfImage.Segment(offset, header.load(), header.load(), fileBytes, memoryBytes);
        ElfImage image = new ElfImage(header.entry(), List.of(all), List.of());
        return new MultibootImage(file, image, image.physicalEntry(file));
    }

    @Override
    public int commandLineLimitBytes() {
        return COMMAND_LINE_LIMIT;
    }

    @Override
    public CpuEntry load(BootTarget target) {
        elf.load(file, target);
        Placed module = target.placeInitrd(PcLayout.HOLE_START);
        target.writeCommandLine();
        writeInformation(target, module);
        BootGdt.write(target.memory(), false);
        return CpuEntry.protectedMode(entry, LOADER_MAGIC, PcLayout.START_INFO);
    }

    private static void writeInformation(BootTarget target, Placed module) {
        GuestMemory memory = target.memory();
        long info = PcLayout.START_INFO;
        target.clear(info, PcLayout.START_INFO_BYTES);
        int flags = HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME;
        memory.putInt(info, flags);
        memory.putInt(info + 4, (int) (PcLayout.EBDA / KIB));
        memory.putInt(info + 8, (int) ((target.plan().ramEnd() - PcLayout.HIGH_MEMORY) / KIB));
        memory.putInt(info + 16, (int) PcLayout.COMMAND_LINE);
        if (module.lengthBytes() > 0) {
            memory.putInt(info + 20, 1);
            memory.putInt(info + 24, (int) info + MODULE_OFFSET);
            memory.putInt(info + MODULE_OFFSET, (int) module.start());
            memory.putInt(info + MODULE_OFFSET + 4, (int) module.end());
            memory.putInt(info + MODULE_OFFSET + 8, (int) info + EMPTY_STRING_OFFSET);
        }
        memory.putInt(info + 64, (int) info + LOADER_NAME_OFFSET);
        memory.write(info + LOADER_NAME_OFFSET, LOADER_NAME, 0, LOADER_NAME.length);
        writeMap(memory, target.memoryMap(), info);
    }

    private static void writeMap(GuestMemory memory, List<MemoryMap.Entry> map, long info) {
        memory.putInt(info + 44, map.size() * (MAP_ENTRY_BYTES + Integer.BYTES));
        memory.putInt(info + 48, (int) info + MAP_OFFSET);
        long at = info + MAP_OFFSET;
        for (MemoryMap.Entry stretch : map) {
            memory.putInt(at, MAP_ENTRY_BYTES);
            memory.putLong(at + 4, stretch.start());
            memory.putLong(at + 12, stretch.lengthBytes());
            memory.putInt(at + 20, stretch.type());
            at += MAP_ENTRY_BYTES + Integer.BYTES;
        }
    }
}
