package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import java.util.List;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootException.Kind;
import org.kvmbeans.arch.x86.boot.BootTarget.Placed;
import org.kvmbeans.memory.GuestMemory;

/**
 * A Linux bzImage, entered by the 64-bit boot protocol (Linux Documentation/arch/x86/boot.rst and zero-page.rst). Offsets are
 * the same in the file and in the zero page.
 */
final class LinuxBzImage implements KernelImage {
    /** The setup header must lie in this much of the file. */
    static final int HEADER_BYTES = 0x300;

    private static final int SETUP_SECTS = 0x1F1;
    private static final int SYSSIZE = 0x1F4;
    private static final int BOOT_FLAG = 0x1FE;
    private static final int HEADER_LENGTH = 0x201;
    private static final int MAGIC = 0x202;
    private static final int VERSION = 0x206;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21C;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int INITRD_ADDR_MAX = 0x22C;
    private static final int KERNEL_ALIGNMENT = 0x230;
    private static final int RELOCATABLE_KERNEL = 0x234;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;

    private static final int ZERO_PAGE_ACPI_RSDP = 0x070;
    private static final int ZERO_PAGE_E820_COUNT = 0x1E8;
    private static final int ZERO_PAGE_E820_TABLE = 0x2D0;
    private static final int ZERO_PAGE_BYTES = 0x1000;
    private static final int E820_ENTRY_BYTES = 20;

    private static final int HDRS = 0x53726448;
    private static final int BOOT_FLAG_VALUE = 0xAA55;
    private static final int MIN_VERSION = 0x020C;
    private static final int LOADED_HIGH = 1;
    private static final int XLF_KERNEL_64 = 1;
    private static final int UNKNOWN_LOADER = 0xFF;
    private static final int SECTOR_BYTES = 512;
    private static final int PARAGRAPH_BYTES = 16;
    private static final int DEFAULT_SETUP_SECTS = 4;
    private static final int ENTRY_64 = 0x200;
    private static final long MIN_ALIGNMENT = 4096;
    private static final long UINT32 = 0xFFFF_FFFFL;

    private final ImageFile file;
    private final ByteBuffer header;
    private final long payloadOffset;
    private final long payloadBytes;

    private LinuxBzImage(ImageFile file, ByteBuffer header) {
        this.file = file;
        this.header = header;
        int setupSects = header.get(SETUP_SECTS) & 0xFF;
        payloadOffset = (1L + (setupSects == 0 ? DEFAULT_SETUP_SECTS : setupSects)) * SECTOR_BYTES;
        payloadBytes = file.sizeBytes() - payloadOffset;
    }

    static boolean matches(ByteBuffer head) {
        return head.limit() >= MAGIC + Integer.BYTES
                && head.getInt(MAGIC) == HDRS
                && (head.getShort(BOOT_FLAG) & 0xFFFF) == BOOT_FLAG_VALUE;
    }

    /**
     * Reads and checks the setup header.
     *
     * @param head the file's first bytes, of which {@link #matches} is true
     */
    static LinuxBzImage parse(ImageFile file, ByteBuffer head) {
        if (head.limit() < HEADER_BYTES) {
            throw file.truncated("the setup header", 0, HEADER_BYTES);
        }
        LinuxBzImage image = new LinuxBzImage(file, head);
        image.checkProtocol();
        image.checkSizes();
        return image;
    }

    private void checkProtocol() {
        int version = header.getShort(VERSION) & 0xFFFF;
        if (version < MIN_VERSION) {
            throw file.problem(
                    Kind.UNSUPPORTED,
                    String.format(
                            "is a Linux kernel of boot protocol %d.%02d; 2.12 or later is needed (Linux 3.8)",
                            version >> 8, version & 0xFF));
        }
        if ((header.get(LOADFLAGS) & LOADED_HIGH) == 0) {
            throw file.problem(Kind.UNSUPPORTED, "is a zImage, which loads below 1 MiB; give a bzImage");
        }
        if ((header.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0) {
            throw file.problem(
                    Kind.UNSUPPORTED, "has no 64-bit entry point; give a kernel built for x86-64 (CONFIG_X86_64)");
        }
    }

    private void checkSizes() {
        long said = (header.getInt(SYSSIZE) & UINT32) * PARAGRAPH_BYTES;
        // The size is in whole paragraphs, the last of which need not be full.
        if (payloadBytes <= ENTRY_64 || payloadBytes + PARAGRAPH_BYTES <= said) {
            throw file.truncated("the protected-mode kernel", payloadOffset, Math.max(said, ENTRY_64));
        }
        long alignment = alignment();
        if (alignment < MIN_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw file.problem(
                    Kind.CORRUPT,
                    String.format("has kernel_alignment 0x%x, which must be a power of two from 0x1000", alignment));
        }
        if (headerEnd() < INIT_SIZE + Integer.BYTES) {
            throw file.problem(Kind.CORRUPT, "has a setup header that ends before init_size");
        }
    }

    /** The setup header says itself how far it goes, counted from its magic number. */
    private int headerEnd() {
        return Math.min(HEADER_BYTES, MAGIC + (header.get(HEADER_LENGTH) & 0xFF));
    }

    private long alignment() {
        return header.getInt(KERNEL_ALIGNMENT) & UINT32;
    }

    /** What the kernel needs at its place until it has its own memory map, bytes. */
    private long footprintBytes() {
        return Math.max(header.getInt(INIT_SIZE) & UINT32, payloadBytes);
    }

    @Override
    public int commandLineLimitBytes() {
        long limit = header.getInt(CMDLINE_SIZE) & UINT32;
        return (int) Math.min(limit, Integer.MAX_VALUE);
    }

    @Override
    public CpuEntry load(BootTarget target) {
        target.plan().reserve("the page tables", PcLayout.PAGE_TABLES, IdentityPageTables.BYTES);
        long start = chooseAddress(target.plan());
        target.plan().claim(file, "the kernel", start, footprintBytes());
        file.load("the protected-mode kernel", payloadOffset, target.memory(), start, payloadBytes);
        Placed initrd = target.placeInitrd((header.getInt(INITRD_ADDR_MAX) & UINT32) + 1);
        target.writeCommandLine();
        writeZeroPage(target, initrd);
        IdentityPageTables.write(target.memory());
        BootGdt.write(target.memory(), true);
        return CpuEntry.longMode(start + ENTRY_64, PcLayout.ZERO_PAGE);
    }

    /** The address the kernel prefers, at which it need not be moved; else the lowest that its alignment allows. */
    private long chooseAddress(GuestPlan plan) {
        long preferred = header.getLong(PREF_ADDRESS);
        long footprint = footprintBytes();
        boolean relocatable = header.get(RELOCATABLE_KERNEL) != 0;
        if (!relocatable || (preferred >= PcLayout.HIGH_MEMORY && plan.isFree(preferred, footprint))) {
            return preferred;
        }
        long alignment = alignment();
        return (PcLayout.HIGH_MEMORY + alignment - 1) & -alignment;
    }

    private void writeZeroPage(BootTarget target, Placed initrd) {
        GuestMemory memory = target.memory();
        long page = PcLayout.ZERO_PAGE;
        target.clear(page, ZERO_PAGE_BYTES);
        byte[] setup = new byte[headerEnd() - SETUP_SECTS];
        header.get(SETUP_SECTS, setup);
        memory.write(page + SETUP_SECTS, setup, 0, setup.length);
        memory.putByte(page + TYPE_OF_LOADER, (byte) UNKNOWN_LOADER);
        memory.putInt(page + RAMDISK_IMAGE, (int) initrd.start());
        memory.putInt(page + RAMDISK_SIZE, (int) initrd.lengthBytes());
        memory.putInt(page + CMD_LINE_PTR, (int) PcLayout.COMMAND_LINE);
        memory.putLong(page + ZERO_PAGE_ACPI_RSDP, target.rsdp());
        List<MemoryMap.Entry> map = target.memoryMap();
        memory.putByte(page + ZERO_PAGE_E820_COUNT, (byte) map.size());
        long at = page + ZERO_PAGE_E820_TABLE;
        for (MemoryMap.Entry entry : map) {
            memory.putLong(at, entry.start());
            memory.putLong(at + 8, entry.lengthBytes());
            memory.putInt(at + 16, entry.type());
            at += E820_ENTRY_BYTES;
        }
    }
}
