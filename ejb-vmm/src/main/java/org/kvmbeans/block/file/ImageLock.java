package org.kvmbeans.block.file;

import java.lang.ref.Reference;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Keeps an image from being written by two at a time: locks that belong to the open file description (fcntl(2),
 * F_OFD_SETLK), so that they also hold between two images of one process, and on NFS and SMB between hosts. They end when
 * the descriptor is closed. Who has them is noted on the image ({@link HolderNote}).
 *
 * <p>A writer locks all bytes for himself. A reader shares the first bytes, and says and asks on single ones what QEMU's
 * monitors do (block/file-posix.c): there a lock on byte 100 + n tells that permission n is used, one on 200 + n that
 * others must not use it. So two readers get along, whichever monitors they are, and a writer is noticed by both.
 */
final class ImageLock implements AutoCloseable {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    /** struct flock: short type, short whence, long start, long length, int pid. */
    private static final int FLOCK_BYTES = 32;

    private static final int START_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;
    private static final int PID_OFFSET = 24;

    /** A length of 0 reaches to the end, wherever that is. */
    private static final int TO_THE_END = 0;

    private static final int USED = 100;
    private static final int DENIED = 200;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    private record Range(long start, long length) {
        static final Range ALL = new Range(0, TO_THE_END);

        static Range of(int use, int permission) {
            return new Range(use + permission, 1);
        }
    }

    /** Up to and with "somebody reads": others may lock the first byte alone, and one that writes locks all. */
    private static final List<Range> OF_A_READER =
            List.of(new Range(0, USED + READ + 1), Range.of(DENIED, WRITE), new Range(DENIED + RESIZE, TO_THE_END));

    /** What a writer has locked beside that. */
    private static final List<Range> OF_A_WRITER_ALONE =
            List.of(new Range(USED + READ + 1, DENIED + WRITE - USED - READ - 1), new Range(DENIED + WRITE + 1, 1));

    private static final Range WRITTEN = Range.of(USED, WRITE);
    private static final List<Range> AGAINST_A_READER =
            List.of(WRITTEN, Range.of(USED, RESIZE), Range.of(DENIED, READ));

    private final Posix posix;
    private final int fd;
    private final String path;
    private @Nullable HolderNote note;

    private ImageLock(Posix posix, int fd, String path) {
        this.posix = posix;
        this.fd = fd;
        this.path = path;
    }

    /**
     * Locks the image for this descriptor; a file system that has no locks is left unlocked.
     *
     * @throws DiskImageException LOCKED where somebody else has it
     */
    static ImageLock acquire(Posix posix, int fd, String path, Access access) throws DiskImageException {
        ImageLock lock = new ImageLock(posix, fd, path);
        // As QEMU does: first lock, then look. Of two that come at once, one notices the other, or both do.
        boolean locked = access == Access.READ_ONLY ? lock.shared() : lock.set(F_WRLCK, Range.ALL);
        if (locked) {
            lock.note = HolderNote.write(posix, fd, access);
        }
        return lock;
    }

    /** Makes a writer's lock a reader's, without a moment in which others could write. */
    void share() throws DiskImageException {
        if (shared()) {
            note = HolderNote.write(posix, fd, Access.READ_ONLY);
        }
    }

    /** Takes back the note of who holds the image; the lock itself goes with the descriptor. Idempotent. */
    @Override
    public void close() {
        if (note != null) {
            note.remove(posix, fd);
            note = null;
        }
    }

    private boolean shared() throws DiskImageException {
        for (Range range : OF_A_READER) {
            if (!set(F_RDLCK, range)) {
                return false;
            }
        }
        for (Range range : OF_A_WRITER_ALONE) {
            set(F_UNLCK, range);
        }
        for (Range range : AGAINST_A_READER) {
            if (conflict(F_WRLCK, range) != null) {
                throw refusal(F_RDLCK);
            }
        }
        return true;
    }

    /** False where the file system has no locks. */
    private boolean set(short type, Range range) throws DiskImageException {
        int result = call(F_OFD_SETLK, flock(type, range));
        return switch (-result) {
            case 0 -> true;
            case Errno.EOPNOTSUPP, Errno.ENOSYS -> false;
            case Errno.ENOLCK ->
                throw new DiskImageException(
                        Kind.IO_ERROR,
                        path,
                        "its server does not lock it (ENOLCK), so another host could write it too; NFS 3 needs rpc.statd"
                                + " on both sides, NFS 4 does not");
            case Errno.EAGAIN, Errno.EACCES -> throw refusal(type);
            default -> throw HostErrors.ofRequest(path, "F_OFD_SETLK", -result);
        };
    }

    private NativeStruct flock(short type, Range range) {
        NativeStruct flock = new NativeStruct(posix, FLOCK_BYTES);
        flock.buffer().putShort(0, type).putLong(START_OFFSET, range.start()).putLong(LENGTH_OFFSET, range.length());
        return flock;
    }

    private int call(int command, NativeStruct flock) {
        try {
            return posix.fcntlStruct(fd, command, flock.address());
        } finally {
            Reference.reachabilityFence(flock);
        }
    }

    /** The lock that stands against one, or null. */
    private @Nullable NativeStruct conflict(short type, Range range) {
        NativeStruct flock = flock(type, range);
        boolean free = call(F_OFD_GETLK, flock) < 0 || flock.buffer().getShort(0) == F_UNLCK;
        return free ? null : flock;
    }

    private DiskImageException refusal(short type) {
        NativeStruct found = conflict(type, Range.ALL);
        // A lock of an open file description has no process: its pid is -1.
        int pid = found == null ? -1 : found.buffer().getInt(PID_OFFSET);
        boolean writer = conflict(F_RDLCK, Range.ALL) != null || conflict(F_WRLCK, WRITTEN) != null;
        return new DiskImageException(
                Kind.LOCKED,
                path,
                "it is in use by " + (pid > 0 ? Holders.process(pid) : Holders.of(posix, fd))
                        + (writer ? ", as a writer" : ", as a reader")
                        + "; a disk that is written can be used once, one with readOnly true by several readers");
    }
}
