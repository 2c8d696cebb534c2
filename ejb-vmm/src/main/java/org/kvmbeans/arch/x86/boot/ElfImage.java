package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.arch.x86.boot.BootException.Kind;

/**
 * The program headers of an ELF executable for x86, 32 or 64 bits (System V ABI, chapters 4 and 5). Sizes and offsets have
 * been checked against the file, addresses not yet against any RAM.
 *
 * @param entry the entry point, a virtual address
 */
record ElfImage(long entry, List<Segment> loads, List<Segment> notes) {
    /**
     * A program header.
     *
     * @param offset position in the file
     * @param virtual virtual address
     * @param physical guest-physical address
     * @param fileBytes bytes in the file
     * @param memoryBytes bytes in memory, at least as many; those beyond are zero
     */
    record Segment(long offset, long virtual, long physical, long fileBytes, long memoryBytes) {
        boolean holdsVirtual(long address) {
            return Long.compareUnsigned(address - virtual, memoryBytes) < 0;
        }

        boolean holdsPhysical(long address) {
            return Long.compareUnsigned(address - physical, memoryBytes) < 0;
        }
    }

    private static final int MAGIC = 0x464C457F;
    private static final int IDENT_CLASS = 4;
    private static final int IDENT_DATA = 5;
    private static final int CLASS_32 = 1;
    private static final int CLASS_64 = 2;
    private static final int LITTLE_ENDIAN = 1;
    private static final int TYPE_OFFSET = 16;
    private static final int MACHINE_OFFSET = 18;
    private static final int TYPE_EXECUTABLE = 2;
    private static final int TYPE_SHARED = 3;
    private static final int MACHINE_386 = 3;
    private static final int MACHINE_ARM = 40;
    private static final int MACHINE_X86_64 = 62;
    private static final int MACHINE_AARCH64 = 183;
    private static final int MACHINE_RISCV = 243;
    private static final int HEADER_BYTES_32 = 52;
    private static final int HEADER_BYTES_64 = 64;
    private static final int PROGRAM_HEADER_BYTES_32 = 32;
    private static final int PROGRAM_HEADER_BYTES_64 = 56;
    private static final int MAX_PROGRAM_HEADERS = 128;
    private static final int LOAD = 1;
    private static final int NOTE = 4;
    private static final long UINT32 = 0xFFFF_FFFFL;

    static boolean matches(ByteBuffer head) {
        return head.limit() >= HEADER_BYTES_32 && head.getInt(0) == MAGIC;
    }

    /**
     * Reads and checks the headers.
     *
     * @param head the file's first bytes, of which {@link #matches} is true
     */
    static ElfImage parse(ImageFile file, ByteBuffer head) {
        int elfClass = head.get(IDENT_CLASS);
        if ((elfClass != CLASS_32 && elfClass != CLASS_64) || head.get(IDENT_DATA) != LITTLE_ENDIAN) {
            throw file.problem(
                    Kind.UNSUPPORTED, "is an ELF file of an unknown class or byte order; " + KernelHints.RIGHT);
        }
        boolean wide = elfClass == CLASS_64;
        checkMachine(file, head.getShort(MACHINE_OFFSET) & 0xFFFF, wide);
        int type = head.getShort(TYPE_OFFSET);
        if (type != TYPE_EXECUTABLE && type != TYPE_SHARED) {
            throw file.problem(
                    Kind.UNSUPPORTED, "is an ELF file but no executable (object file or core); " + KernelHints.RIGHT);
        }
        if (wide && head.limit() < HEADER_BYTES_64) {
            throw file.truncated("the ELF header", 0, HEADER_BYTES_64);
        }
        return wide
                ? read(file, wide, head.getLong(24), head.getLong(32), head.getShort(54), head.getShort(56))
                : read(
                        file,
                        wide,
                        head.getInt(24) & UINT32,
                        head.getInt(28) & UINT32,
                        head.getShort(42),
                        head.getShort(44));
    }

    private static void checkMachine(ImageFile file, int machine, boolean wide) {
        if (machine == (wide ? MACHINE_X86_64 : MACHINE_386)) {
            return;
        }
        String name = switch (machine) {
            case MACHINE_386, MACHINE_X86_64 -> "x86, but of the wrong ELF class";
            case MACHINE_ARM -> "ARM";
            case MACHINE_AARCH64 -> "ARM64";
            case MACHINE_RISCV -> "RISC-V";
            default -> "machine type " + machine;
        };
        throw file.problem(Kind.UNSUPPORTED, "is an ELF file for " + name + "; give a kernel for x86-64");
    }

    private static ElfImage read(ImageFile file, boolean wide, long entry, long offset, int entryBytes, int count) {
        int expected = wide ? PROGRAM_HEADER_BYTES_64 : PROGRAM_HEADER_BYTES_32;
        if (count < 1 || count > MAX_PROGRAM_HEADERS || entryBytes != expected) {
            throw file.problem(
                    Kind.CORRUPT,
                    String.format(
                            "has %d program headers of %d bytes; there must be 1 to %d of %d bytes",
                            count & 0xFFFF, entryBytes & 0xFFFF, MAX_PROGRAM_HEADERS, expected));
        }
        ByteBuffer table = file.header("the program headers", offset, count * expected);
        List<Segment> loads = new ArrayList<>();
        List<Segment> notes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = i * expected;
            int type = table.getInt(at);
            if (type == LOAD || type == NOTE) {
                Segment segment = wide ? segment64(table, at) : segment32(table, at);
                check(file, i, segment, type);
                (type == LOAD ? loads : notes).add(segment);
            }
        }
        loads.removeIf(segment -> segment.memoryBytes == 0);
        if (loads.isEmpty()) {
            throw file.problem(Kind.CORRUPT, "is an ELF file that loads nothing");
        }
        return new ElfImage(entry, List.copyOf(loads), List.copyOf(notes));
    }

    private static Segment segment64(ByteBuffer table, int at) {
        return new Segment(
                table.getLong(at + 8),
                table.getLong(at + 16),
                table.getLong(at + 24),
                table.getLong(at + 32),
                table.getLong(at + 40));
    }

    private static Segment segment32(ByteBuffer table, int at) {
        return new Segment(
                table.getInt(at + 4) & UINT32,
                table.getInt(at + 8) & UINT32,
                table.getInt(at + 12) & UINT32,
                table.getInt(at + 16) & UINT32,
                table.getInt(at + 20) & UINT32);
    }

    private static void check(ImageFile file, int index, Segment segment, int type) {
        if (!file.holds(segment.offset, segment.fileBytes)) {
            throw file.truncated("program header " + index + "'s content", segment.offset, segment.fileBytes);
        }
        // Of a note only the file's bytes matter.
        if (type == LOAD && Long.compareUnsigned(segment.memoryBytes, segment.fileBytes) < 0) {
            throw file.problem(
                    Kind.CORRUPT,
                    String.format(
                            "has program header %d with %d bytes in the file but %d in memory",
                            index, segment.fileBytes, segment.memoryBytes));
        }
    }

    /** Claims and loads all segments, and clears what the file does not fill. */
    void load(ImageFile file, BootTarget target) {
        for (int i = 0; i < loads.size(); i++) {
            Segment segment = loads.get(i);
            target.plan().claim(file, "segment " + i, segment.physical, segment.memoryBytes);
        }
        for (int i = 0; i < loads.size(); i++) {
            Segment segment = loads.get(i);
            file.load("segment " + i, segment.offset, target.memory(), segment.physical, segment.fileBytes);
            target.clear(segment.physical + segment.fileBytes, segment.memoryBytes - segment.fileBytes);
        }
    }

    /**
     * Where the entry point is in guest-physical memory.
     *
     * @throws BootException where no segment holds it
     */
    long physicalEntry(ImageFile file) {
        for (Segment segment : loads) {
            if (segment.holdsVirtual(entry)) {
                return entry - segment.virtual + segment.physical;
            }
        }
        return checkedEntry(file, entry);
    }

    /** An entry point given as guest-physical address, which must lie in a segment. */
    long checkedEntry(ImageFile file, long physical) {
        for (Segment segment : loads) {
            if (segment.holdsPhysical(physical)) {
                return physical;
            }
        }
        throw file.problem(
                Kind.CORRUPT, String.format("has its entry point at 0x%x, which no segment loads", physical));
    }
}
