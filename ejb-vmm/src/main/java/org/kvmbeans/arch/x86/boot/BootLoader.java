package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.AcpiTables;
import org.kvmbeans.arch.x86.CpuEntry;
import org.kvmbeans.arch.x86.PcConfiguration;
import org.kvmbeans.arch.x86.boot.BootException.Kind;
import org.kvmbeans.memory.GuestMemory;

/**
 * Loads a kernel into a guest. Images are not trusted: whatever they hold, the outcome is a loaded guest or a
 * {@link BootException}, and the heap used is bounded.
 */
public final class BootLoader {
    /** Where a Multiboot header must lie (Multiboot 0.6.96, 3.1), which is more than other formats need. */
    private static final int HEAD_BYTES = 8192;

    private BootLoader() {}

    /**
     * Writes kernel, initrd, command line, tables and boot information into guest memory. Memory may hold what an earlier
     * run left. Takes as long as reading the files; call it from the thread that starts the machine, before any vCPU runs.
     *
     * @throws BootException naming what cannot be booted and what would be right; memory is then partly written
     */
    public static CpuEntry load(GuestMemory memory, BootSource source, PcConfiguration configuration) {
        try (ImageFile kernel = ImageFile.open("kernel", source.kernel());
                ImageFile initrd = openInitrd(source)) {
            KernelImage image = identify(kernel);
            BootTarget.checkCommandLine(source.commandLine(), image.commandLineLimitBytes());
            long rsdp = AcpiTables.write(memory, configuration);
            BootTarget target = new BootTarget(memory, source.commandLine(), initrd, rsdp);
            return image.load(target);
        }
    }

    /**
     * Checks the files without a guest: that they can be read, that the kernel is of a kind that can be booted, and that it
     * takes such a command line. Whether all fits into RAM shows at {@link #load}.
     *
     * @throws BootException naming what is wrong and what would be right
     */
    public static void check(BootSource source) {
        try (ImageFile kernel = ImageFile.open("kernel", source.kernel());
                ImageFile initrd = openInitrd(source)) {
            BootTarget.checkCommandLine(source.commandLine(), identify(kernel).commandLineLimitBytes());
        }
    }

    private static @Nullable ImageFile openInitrd(BootSource source) {
        return source.initrd() == null ? null : ImageFile.open("initrd", source.initrd());
    }

    private static KernelImage identify(ImageFile file) {
        ByteBuffer head = file.header("the kernel", 0, (int) Math.min(HEAD_BYTES, file.sizeBytes()));
        if (LinuxBzImage.matches(head)) {
            return LinuxBzImage.parse(file, head);
        }
        if (ElfImage.matches(head)) {
            return identifyElf(file, head);
        }
        MultibootHeader header = MultibootHeader.find(file, head);
        if (header != null) {
            return MultibootImage.flat(file, header);
        }
        throw file.problem(Kind.UNSUPPORTED, KernelHints.whatItIs(head) + "; " + KernelHints.RIGHT);
    }

    private static KernelImage identifyElf(ImageFile file, ByteBuffer head) {
        ElfImage elf = ElfImage.parse(file, head);
        Long pvhEntry = PvhNote.entry(file, elf);
        if (pvhEntry != null) {
            return new PvhImage(file, elf, pvhEntry);
        }
        MultibootHeader header = MultibootHeader.find(file, head);
        if (header != null) {
            return header.hasAddresses() ? MultibootImage.flat(file, header) : MultibootImage.elf(file, elf);
        }
        throw file.problem(
                Kind.UNSUPPORTED,
                "is an ELF file with neither a PVH note (Linux: CONFIG_PVH) nor a Multiboot 1 header in its first "
                        + HEAD_BYTES + " bytes; " + KernelHints.RIGHT);
    }
}
