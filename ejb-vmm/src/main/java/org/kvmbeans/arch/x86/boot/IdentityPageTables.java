package org.kvmbeans.arch.x86.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.memory.GuestMemory;

/** Page tables that map the first 4 GiB onto itself with 2 MiB pages, as a 64-bit kernel is entered with. */
final class IdentityPageTables {
    private static final int PAGE_BYTES = 4096;
    private static final int DIRECTORIES = 4;
    static final int BYTES = (2 + DIRECTORIES) * PAGE_BYTES;

    // Intel SDM volume 3, table 4-18.
    private static final long PRESENT_WRITABLE = 0x3;
    private static final long LARGE = 0x80;
    private static final long LARGE_PAGE_BYTES = 2L << 20;

    private IdentityPageTables() {}

    static void write(GuestMemory memory) {
        ByteBuffer tables = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long root = PcLayout.PAGE_TABLES;
        tables.putLong(0, (root + PAGE_BYTES) | PRESENT_WRITABLE);
        for (int i = 0; i < DIRECTORIES; i++) {
            tables.putLong(PAGE_BYTES + i * Long.BYTES, (root + (2L + i) * PAGE_BYTES) | PRESENT_WRITABLE);
        }
        int first = 2 * PAGE_BYTES;
        for (int i = 0; i < DIRECTORIES * PAGE_BYTES / Long.BYTES; i++) {
            tables.putLong(first + i * Long.BYTES, (i * LARGE_PAGE_BYTES) | LARGE | PRESENT_WRITABLE);
        }
        memory.write(root, tables.array(), 0, BYTES);
    }
}
