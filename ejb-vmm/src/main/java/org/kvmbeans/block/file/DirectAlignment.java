package org.kvmbeans.block.file;

import java.lang.ref.Reference;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * What direct I/O asks of a request (open(2), O_DIRECT).
 *
 * @param memoryBytes what addresses are multiples of; a power of two
 * @param offsetBytes what offsets and the lengths of segments are multiples of; a power of two
 */
record DirectAlignment(int memoryBytes, int offsetBytes) {
    /** Fits every storage that Linux has. */
    private static final DirectAlignment SAFE = new DirectAlignment(4096, 4096);
    /** NFS and SMB have no blocks that a request would have to fit. */
    private static final DirectAlignment NONE = new DirectAlignment(1, 1);

    // linux/magic.h
    private static final long NFS_SUPER_MAGIC = 0x6969;
    private static final long CIFS_SUPER_MAGIC = 0xff534d42L;
    private static final long SMB2_SUPER_MAGIC = 0xfe534d42L;

    /** statx(2): asks for the alignment of direct I/O; Linux 6.1 and later answer. */
    private static final int STATX_DIOALIGN = 0x2000;

    private static final int STATX_BYTES = 256;
    private static final int MEMORY_ALIGN_OFFSET = 152;
    private static final int OFFSET_ALIGN_OFFSET = 156;

    /** That of an open file, as the kernel tells it; otherwise one that fits everywhere. */
    static DirectAlignment of(Posix posix, int fd) {
        long fileSystem = posix.fileSystemType(fd);
        if (fileSystem == NFS_SUPER_MAGIC || fileSystem == CIFS_SUPER_MAGIC || fileSystem == SMB2_SUPER_MAGIC) {
            return NONE;
        }
        NativeStruct statx = new NativeStruct(posix, STATX_BYTES);
        try {
            boolean told = posix.statx(fd, STATX_DIOALIGN, statx.address()) == 0
                    && (statx.buffer().getInt(0) & STATX_DIOALIGN) != 0;
            int memory = statx.buffer().getInt(MEMORY_ALIGN_OFFSET);
            int offset = statx.buffer().getInt(OFFSET_ALIGN_OFFSET);
            return told && memory > 0 && offset > 0 ? new DirectAlignment(memory, offset) : SAFE;
        } finally {
            Reference.reachabilityFence(statx);
        }
    }

    /**
     * Whether every request fits, so that no second descriptor is needed: on SMB the lock of the first one would keep it
     * from reading and writing.
     */
    boolean takesAnyBytes() {
        return memoryBytes == 1 && offsetBytes == 1;
    }

    /** Whether the file's side of a request fits. */
    boolean fits(long offset, long length) {
        return ((offset | length) & (offsetBytes - 1)) == 0;
    }

    /** Whether the memory's side of a request fits. */
    boolean fits(IoVector vector) {
        for (int i = 0; i < vector.count(); i++) {
            boolean aligned = (vector.segmentAddress(i) & (memoryBytes - 1)) == 0
                    && (vector.segmentBytes(i) & (offsetBytes - 1)) == 0;
            if (!aligned) {
                return false;
            }
        }
        return true;
    }
}
