package org.kvmbeans.export;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The home folder while one host uses it: another one is kept out by a lock on a file in it. */
final class HostHome implements AutoCloseable {
    private final Path folder;
    private final FileChannel lockFile;

    private HostHome(Path folder, FileChannel lockFile) {
        this.folder = folder;
        this.lockFile = lockFile;
    }

    /**
     * Makes the folder where it is missing, and takes it.
     *
     * @throws IllegalStateException where another host has it
     */
    static HostHome take(Path folder) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path file = folder.resolve("host.lock");
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (lock(channel) == null) {
                throw new IllegalStateException("the home " + folder + " is in use by another KVM Beans server; stop"
                        + " that one, or set KVMBEANS_HOME to another folder");
            }
            return new HostHome(folder, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // a host of this same process
        }
    }

    Path folder() {
        return folder;
    }

    /** Gives the folder back. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new IllegalStateException("the lock of " + folder + " could not be given back", e);
        }
    }
}
