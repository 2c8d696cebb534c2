package org.kvmbeans.block.file;

import java.lang.ref.Reference;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/** What a block device tells about itself: {@code linux/fs.h}. */
final class BlockDeviceIoctl {
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKDISCARD = 0x1277;
    private static final long BLKIOOPT = 0x1279;
    private static final long BLKPBSZGET = 0x127b;
    private static final long BLKGETSIZE64 = 0x80081272L;

    private final Posix posix;
    private final OwnedFd fd;
    private final String path;

    BlockDeviceIoctl(Posix posix, OwnedFd fd, String path) {
        this.posix = posix;
        this.fd = fd;
        this.path = path;
    }

    /** Bytes of the device. */
    long sizeBytes() throws DiskImageException {
        return ask("BLKGETSIZE64", BLKGETSIZE64).buffer().getLong(0);
    }

    /** Bytes of a logical block. */
    int logicalBlockBytes() throws DiskImageException {
        return ask("BLKSSZGET", BLKSSZGET).buffer().getInt(0);
    }

    /** Bytes of a physical block. */
    int physicalBlockBytes() throws DiskImageException {
        return ask("BLKPBSZGET", BLKPBSZGET).buffer().getInt(0);
    }

    /** Bytes of the request that serves best; 0 where it does not matter. */
    int optimalIoBytes() throws DiskImageException {
        return ask("BLKIOOPT", BLKIOOPT).buffer().getInt(0);
    }

    private NativeStruct ask(String name, long request) throws DiskImageException {
        NativeStruct answer = new NativeStruct(posix, Long.BYTES);
        int result = fd.ioctl(request, answer.address());
        if (result < 0) {
            throw HostErrors.ofRequest(path, name, -result);
        }
        return answer;
    }

    /** Discards a stretch: 0, or a negated errno. */
    int discard(long offset, long length) {
        NativeStruct range = new NativeStruct(posix, 2 * Long.BYTES);
        range.buffer().putLong(0, offset).putLong(Long.BYTES, length);
        try {
            return fd.ioctl(BLKDISCARD, range.address());
        } finally {
            Reference.reachabilityFence(range);
        }
    }
}
