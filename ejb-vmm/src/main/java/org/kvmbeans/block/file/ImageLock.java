package org.kvmbeans.block.file;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Keeps an image from being written by two at a time: a lock on all its bytes that belongs to the open file description
 * (fcntl(2), F_OFD_SETLK), so that it also holds between two images of one process. It ends when the descriptor is closed.
 * Other monitors that lock images so, QEMU among them, are noticed and notice us.
 */
final class ImageLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    /** struct flock: short type, short whence, long start, long length, int pid. */
    private static final int FLOCK_BYTES = 32;

    private static final int PID_OFFSET = 24;

    private ImageLock() {}

    /**
     * Locks the image for this descriptor; a file system that has no locks is left unlocked.
     *
     * @throws DiskImageException LOCKED where somebody else has it
     */
    static void acquire(Posix posix, int fd, String path, Access access) throws DiskImageException {
        int result = call(posix, fd, F_OFD_SETLK, flock(posix, access));
        switch (-result) {
            case 0, Errno.ENOLCK, Errno.EOPNOTSUPP, Errno.ENOSYS -> {}
            case Errno.EAGAIN, Errno.EACCES ->
                throw new DiskImageException(
                        Kind.LOCKED,
                        path,
                        "it is in use by " + holder(posix, fd, access)
                                + "; a disk that is written can be used once, one with readOnly true by several readers");
            default -> throw HostErrors.ofRequest(path, "F_OFD_SETLK", -result);
        }
    }

    private static NativeStruct flock(Posix posix, Access access) {
        NativeStruct flock = new NativeStruct(posix, FLOCK_BYTES);
        flock.buffer().putShort(0, access == Access.READ_ONLY ? F_RDLCK : F_WRLCK);
        return flock;
    }

    private static int call(Posix posix, int fd, int command, NativeStruct flock) {
        try {
            return posix.fcntlStruct(fd, command, flock.address());
        } finally {
            Reference.reachabilityFence(flock);
        }
    }

    private static String holder(Posix posix, int fd, Access access) {
        NativeStruct flock = flock(posix, access);
        int pid = call(posix, fd, F_OFD_GETLK, flock) < 0 ? 0 : flock.buffer().getInt(PID_OFFSET);
        // A lock of an open file description has no process: its pid is -1.
        return pid > 0 ? process(pid) : opener(fd);
    }

    /** Some process that has the same file open, as far as this one may see. */
    private static String opener(int fd) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            Path image = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
            long self = ProcessHandle.current().pid();
            String found = "another user of the host";
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                if (hasOpen(process, image, pid == self ? fd : -1)) {
                    found = pid == self ? "another disk of this process" : process(pid);
                    if (pid != self) {
                        break;
                    }
                }
            }
            return found;
        } catch (IOException e) {
            return "somebody else";
        }
    }

    private static boolean hasOpen(Path process, Path image, int exceptFd) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (!descriptor.endsWith(Integer.toString(exceptFd)) && isLinkTo(descriptor, image)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            // Another user's process, or one that has ended.
            return false;
        }
    }

    private static boolean isLinkTo(Path descriptor, Path image) {
        try {
            return Files.readSymbolicLink(descriptor).equals(image);
        } catch (IOException e) {
            return false;
        }
    }

    private static String process(long pid) {
        try {
            return "process " + pid + " ("
                    + Files.readString(Path.of("/proc/" + pid + "/comm")).strip() + ")";
        } catch (IOException e) {
            return "process " + pid;
        }
    }
}
