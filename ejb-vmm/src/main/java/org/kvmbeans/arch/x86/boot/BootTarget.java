package org.kvmbeans.arch.x86.boot;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootException.Kind;
import org.kvmbeans.memory.GuestMemory;

/** The guest that is being loaded: its memory, the plan of what lies where, and what every protocol passes on. */
final class BootTarget {
    private static final long PAGE_BYTES = 4096;
    private static final byte[] ZEROS = new byte[64 << 10];

    private final GuestMemory memory;
    private final GuestPlan plan;
    private final byte[] commandLine;
    private final @Nullable ImageFile initrd;
    private final long rsdp;

    BootTarget(GuestMemory memory, String commandLine, @Nullable ImageFile initrd, long rsdp) {
        this.memory = memory;
        this.plan = new GuestPlan(memory.sizeBytes());
        this.commandLine = commandLine.getBytes(StandardCharsets.UTF_8);
        this.initrd = initrd;
        this.rsdp = rsdp;
        plan.reserve("the boot GDT", PcLayout.GDT, BootGdt.BYTES);
        plan.reserve("the boot information", PcLayout.START_INFO, PcLayout.START_INFO_BYTES);
        plan.reserve("the command line", PcLayout.COMMAND_LINE, PcLayout.COMMAND_LINE_BYTES);
    }

    /** A stretch of guest memory; length 0 means there is none. */
    record Placed(long start, long lengthBytes) {
        long end() {
            return start + lengthBytes;
        }
    }

    GuestMemory memory() {
        return memory;
    }

    GuestPlan plan() {
        return plan;
    }

    /** Guest-physical address of the RSDP. */
    long rsdp() {
        return rsdp;
    }

    List<MemoryMap.Entry> memoryMap() {
        return MemoryMap.forRam(memory.sizeBytes());
    }

    /** Writes the command line, already checked for length, with its terminating zero. */
    void writeCommandLine() {
        memory.write(PcLayout.COMMAND_LINE, commandLine, 0, commandLine.length);
        memory.putByte(PcLayout.COMMAND_LINE + commandLine.length, (byte) 0);
    }

    /** Refuses a command line longer than the kernel takes, or one that a C string cannot hold. */
    static void checkCommandLine(String commandLine, int limitBytes) {
        int limit = Math.min(limitBytes, PcLayout.COMMAND_LINE_BYTES - 1);
        int length = commandLine.getBytes(StandardCharsets.UTF_8).length;
        if (length > limit) {
            throw new BootException(
                    Kind.COMMAND_LINE, "cmdline: " + length + " bytes; this kernel takes at most " + limit);
        }
        int nul = commandLine.indexOf('\0');
        if (nul >= 0) {
            throw new BootException(Kind.COMMAND_LINE, "cmdline: a NUL character at " + nul + "; leave it out");
        }
    }

    /**
     * Puts the initrd as high as it may be.
     *
     * @param limit exclusive end of where the kernel can take it
     */
    Placed placeInitrd(long limit) {
        if (initrd == null) {
            return new Placed(0, 0);
        }
        long length = initrd.sizeBytes();
        long start = plan.highestFree(length, limit, PAGE_BYTES);
        if (start < 0) {
            throw initrd.problem(
                    Kind.DOES_NOT_FIT,
                    String.format(
                            "has %d bytes, for which RAM below 0x%x has no room beside the kernel; "
                                    + "give the guest more memory",
                            length, Math.min(limit, plan.ramEnd())));
        }
        plan.claim(initrd, "the initrd", start, length);
        initrd.load("the initrd", 0, memory, start, length);
        return new Placed(start, length);
    }

    /** Clears a stretch: after a reset it holds what the last run left. */
    void clear(long start, long length) {
        for (long done = 0; done < length; ) {
            int count = (int) Math.min(ZEROS.length, length - done);
            memory.write(start + done, ZEROS, 0, count);
            done += count;
        }
    }
}
