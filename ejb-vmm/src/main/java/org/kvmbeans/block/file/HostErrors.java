package org.kvmbeans.block.file;

import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.Errno;

/** What failed system calls mean to the user of an image. */
final class HostErrors {
    private HostErrors() {}

    /**
     * A request that failed.
     *
     * @param what the call and its arguments
     */
    static DiskImageException ofRequest(String path, String what, int errno) {
        Kind kind = switch (errno) {
            case Errno.ENOSPC, Errno.EDQUOT -> Kind.NO_SPACE;
            case Errno.EROFS, Errno.EPERM -> Kind.READ_ONLY;
            default -> Kind.IO_ERROR;
        };
        return new DiskImageException(kind, path, what + " failed: " + Errno.name(errno));
    }

    /** A file that cannot be opened. */
    static DiskImageException ofOpen(String path, OpenOptions options, int errno) {
        return switch (errno) {
            case Errno.ENOENT ->
                new DiskImageException(
                        Kind.NOT_FOUND, path, "there is no such file; create the image first, or correct the path");
            case Errno.EACCES, Errno.EPERM ->
                new DiskImageException(
                        Kind.DENIED,
                        path,
                        "this process may not open it to " + purpose(options) + "; it must be given the permission");
            case Errno.EROFS ->
                new DiskImageException(
                        Kind.READ_ONLY,
                        path,
                        "it lies on a read-only file system or device; it can be used with readOnly true");
            case Errno.EBUSY ->
                new DiskImageException(
                        Kind.LOCKED,
                        path,
                        "the host itself uses the device: it is mounted, or part of another device; release it first");
            case Errno.EISDIR ->
                new DiskImageException(
                        Kind.UNSUPPORTED, path, "it is a directory; a disk is a regular file or a block device");
            case Errno.EINVAL ->
                new DiskImageException(
                        Kind.UNSUPPORTED,
                        path,
                        options.cache().direct()
                                ? "its file system has no direct I/O; use cache writeback or writethrough"
                                : "it cannot be opened: EINVAL");
            default -> ofRequest(path, "open to " + purpose(options), errno);
        };
    }

    private static String purpose(OpenOptions options) {
        return switch (options.access()) {
            case READ_ONLY -> "read";
            case READ_WRITE -> "read and write";
        };
    }
}
