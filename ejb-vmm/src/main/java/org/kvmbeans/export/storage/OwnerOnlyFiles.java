package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files and folders that nobody but their owner can use, written so that a crash leaves the old content or the new one. */
public final class OwnerOnlyFiles {
    private static final FileAttribute<Set<PosixFilePermission>> FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private OwnerOnlyFiles() {}

    /** Makes a folder where it is missing, and those above it. */
    public static void createFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) { // a link to one is one
            Files.createDirectories(folder, FOLDER);
        }
    }

    /** Makes an empty file. */
    public static void createFile(Path file) throws IOException {
        Files.createFile(file, FILE);
    }

    /** Makes a file of a text, down to the disk; one that is there is replaced, at no moment half-written. */
    public static void replace(Path file, String text) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try {
            write(unfinished, text);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        flushFolder(file);
    }

    /** Writes a text to a file of that name, down to the disk; what was there is gone before. */
    public static void write(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        createFile(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** Makes the name of a file that is new, or gone, last: a name lasts only once its folder is on the disk. */
    public static void flushFolder(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
