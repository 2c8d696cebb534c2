package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Open;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;

/**
 * A file as it is at a moment; one that has changed since is no longer equal.
 *
 * @param key which file it is, whatever its name
 * @param bytes its length
 * @param allocatedBytes what it takes of its file system; -1 where that is not known
 * @param modified when it was last written
 * @param settled whether that was long enough ago that a later write has another time: clocks of file systems tick slowly
 */
record FileFacts(@Nullable Object key, long bytes, long allocatedBytes, FileTime modified, boolean settled) {
    /** A file that is not there. */
    static final FileFacts NONE = new FileFacts(null, 0, 0, FileTime.fromMillis(0), true);

    private static final long SETTLING_MILLIS = 2_000;

    /** Looks at a file; links are followed. */
    static FileFacts of(Posix posix, Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new FileFacts(
                attributes.fileKey(),
                attributes.size(),
                attributes.isRegularFile() ? allocated(posix, file) : -1,
                attributes.lastModifiedTime(),
                attributes.lastModifiedTime().toMillis() < System.currentTimeMillis() - SETTLING_MILLIS);
    }

    private static long allocated(Posix posix, Path file) {
        int fd = posix.open(file.toString(), Open.RDONLY | Open.CLOEXEC | Open.NONBLOCK);
        if (fd < 0) {
            return -1;
        }
        try (OwnedFd owned = new OwnedFd(posix, fd)) {
            return Math.max(-1, posix.allocatedBytes(owned.number()));
        }
    }
}
