package org.kvmbeans.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file system of its own for the images of a test, mounted while this is open: the lab's own root has no direct I/O and
 * no end. Needs root.
 */
final class LabStorage implements AutoCloseable {
    private final Path folder;

    private LabStorage(Path folder) {
        this.folder = folder;
    }

    /** An ext4, with direct I/O and holes, on a loop device over a file in memory. */
    static LabStorage ext4(Path folder, String name, long bytes) {
        Path image = DiskGuest.emptyDisk(folder.resolve(name + ".img"), bytes);
        DiskGuest.run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", image.toString());
        return mount(folder.resolve(name), "-o", "loop,discard", image.toString());
    }

    /** A tmpfs that is full at {@code bytes}. */
    static LabStorage tmpfs(Path folder, String name, long bytes) {
        return mount(folder.resolve(name), "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs");
    }

    private static LabStorage mount(Path target, String... options) {
        try {
            Files.createDirectory(target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String[] command = new String[options.length + 2];
        command[0] = "mount";
        System.arraycopy(options, 0, command, 1, options.length);
        command[command.length - 1] = target.toString();
        DiskGuest.run(command);
        return new LabStorage(target);
    }

    /** Gives a tmpfs another size. */
    void resizeTmpfs(long bytes) {
        DiskGuest.run("mount", "-o", "remount,size=" + bytes, folder.toString());
    }

    /** A file of zeros in it that takes no room. */
    Path emptyDisk(String name, long bytes) {
        return DiskGuest.emptyDisk(folder.resolve(name + ".raw"), bytes);
    }

    @Override
    public void close() {
        DiskGuest.run("umount", folder.toString());
    }
}
