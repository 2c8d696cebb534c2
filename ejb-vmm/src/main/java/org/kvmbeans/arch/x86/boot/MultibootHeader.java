package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.boot.BootException.Kind;

/**
 * A Multiboot 1 header (Multiboot specification 0.6.96, 3.1). Addresses are guest-physical, unsigned 32 bits wide.
 *
 * @param flags what the image asks for
 * @param fileOffset position of the header in the file
 * @param header address of the header
 * @param load address of the first byte loaded
 * @param loadEnd address after the last byte from the file; 0 means up to the file's end
 * @param bssEnd address after the last byte to be cleared; 0 means none
 * @param entry entry point
 */
record MultibootHeader(int flags, int fileOffset, long header, long load, long loadEnd, long bssEnd, long entry) {
    private static final int MAGIC = 0x1BADB002;
    private static final int BYTES = 12;
    private static final int ADDRESSES_END = 32;
    private static final int HAS_ADDRESSES = 1 << 16;
    /** Flags 0 to 15 must be understood: modules on page boundaries and memory information are provided. */
    private static final int NOT_UNDERSTOOD = 0xFFFC;

    private static final long UINT32 = 0xFFFF_FFFFL;

    /** Searches the head of a file; null where it has no such header. */
    static @Nullable MultibootHeader find(ImageFile file, ByteBuffer head) {
        for (int at = 0; at + BYTES <= head.limit(); at += Integer.BYTES) {
            int flags = head.getInt(at + 4);
            if (head.getInt(at) == MAGIC && MAGIC + flags + head.getInt(at + 8) == 0) {
                return read(file, head, at, flags);
            }
        }
        return null;
    }

    private static MultibootHeader read(ImageFile file, ByteBuffer head, int at, int flags) {
        if ((flags & NOT_UNDERSTOOD) != 0) {
            throw file.problem(
                    Kind.UNSUPPORTED,
                    String.format(
                            "asks with Multiboot flags 0x%x for what is not provided; only 0x1, 0x2 and 0x10000 are",
                            flags));
        }
        if ((flags & HAS_ADDRESSES) == 0) {
            return new MultibootHeader(flags, at, 0, 0, 0, 0, 0);
        }
        if (at + ADDRESSES_END > head.limit()) {
            throw file.truncated("the Multiboot header", at, ADDRESSES_END);
        }
        return new MultibootHeader(
                flags,
                at,
                head.getInt(at + 12) & UINT32,
                head.getInt(at + 16) & UINT32,
                head.getInt(at + 20) & UINT32,
                head.getInt(at + 24) & UINT32,
                head.getInt(at + 28) & UINT32);
    }

    /** Whether the header says itself what is loaded where, be the file ELF or not. */
    boolean hasAddresses() {
        return (flags & HAS_ADDRESSES) != 0;
    }
}
