package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;

/** Names what a file is that was given as a kernel and is none. */
final class KernelHints {
    static final String RIGHT =
            "give a Linux bzImage for x86-64, an ELF vmlinux with a PVH note, or a Multiboot 1 image";

    private static final int ARM64_MAGIC_OFFSET = 0x38;
    private static final int ARM64_MAGIC = 0x644D5241;
    private static final int GZIP = 0x8B1F;
    private static final int XZ = 0x377AFD;
    private static final int ZSTD = 0xFD2FB528;
    private static final int LZ4_LEGACY = 0x184C2102;
    private static final int DOS_MZ = 0x5A4D;

    private KernelHints() {}

    static String whatItIs(ByteBuffer head) {
        int first = head.limit() >= Integer.BYTES ? head.getInt(0) : 0;
        if (head.limit() >= ARM64_MAGIC_OFFSET + Integer.BYTES && head.getInt(ARM64_MAGIC_OFFSET) == ARM64_MAGIC) {
            return "is a Linux kernel for ARM64";
        }
        if ((first & 0xFFFF) == GZIP || (first & 0xFFFFFF) == XZ || first == ZSTD || first == LZ4_LEGACY) {
            return "is a compressed file";
        }
        if ((first & 0xFFFF) == DOS_MZ) {
            return "is a DOS or EFI program that is no Linux kernel, or a truncated kernel";
        }
        return "is no kernel of a known format";
    }
}
