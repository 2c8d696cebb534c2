package org.kvmbeans.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.kvmbeans.machine.definition.DefinitionException;
import org.kvmbeans.machine.definition.VmDefinition;
import org.kvmbeans.machine.definition.VmDefinitionReader;
import org.kvmbeans.machine.definition.VmDefinitionWriter;

/**
 * Definitions on disk: one file {@code NAME.json} a VM in one folder, readable by its owner only.
 *
 * <p>A file is either wholly there or not: it is written beside its place, flushed to the disk, and moved. A file that
 * cannot be read as a definition is reported and left alone. Calls for different names may run at the same time.
 */
final class DefinitionStore {
    /** More than any definition takes; what is larger is not read into memory. */
    private static final int MAX_FILE_BYTES = 1 << 20;

    private static final String SUFFIX = ".json";
    private static final String UNFINISHED_SUFFIX = ".unfinished";
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path folder;

    /**
     * What a folder holds.
     *
     * @param definitions those that could be read, by name
     * @param unreadable a sentence for each file that could not, naming it and what would help
     */
    record Content(List<VmDefinition> definitions, List<String> unreadable) {}

    private DefinitionStore(Path folder) {
        this.folder = folder;
    }

    /** Opens the folder, and makes it where it is missing. */
    static DefinitionStore open(Path folder) throws IOException {
        Files.createDirectories(folder, OWNER_ONLY_FOLDER);
        return new DefinitionStore(folder);
    }

    /** Reads every definition. */
    Content load() throws IOException {
        List<VmDefinition> definitions = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (file.getFileName().toString().endsWith(UNFINISHED_SUFFIX)) {
                    Files.deleteIfExists(file); // a write that a crash cut short: nobody was told it succeeded
                } else if (file.getFileName().toString().endsWith(SUFFIX)) {
                    try {
                        definitions.add(read(file));
                    } catch (IOException | DefinitionException e) {
                        unreadable.add(file + " is skipped: " + reason(e) + "; correct or remove it and restart");
                    }
                }
            }
        }
        definitions.sort(Comparator.comparing(VmDefinition::name));
        unreadable.sort(Comparator.naturalOrder());
        return new Content(definitions, unreadable);
    }

    private static String reason(Exception e) {
        return e instanceof CharacterCodingException ? "it is not UTF-8 text" : String.valueOf(e.getMessage());
    }

    private static VmDefinition read(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is not a regular file");
        }
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new IOException("it is larger than " + MAX_FILE_BYTES + " bytes");
        }
        VmDefinition definition = VmDefinitionReader.readStored(Files.readString(file));
        if (!file.getFileName().toString().equals(definition.name() + SUFFIX)) {
            throw new IOException(
                    "it defines \"" + definition.name() + "\", which belongs into " + definition.name() + SUFFIX);
        }
        return definition;
    }

    /**
     * Adds a definition, safe against a crash of the host once this returns.
     *
     * @throws IllegalStateException where a file of that name is there, even one that could not be read
     */
    void add(VmDefinition definition) throws IOException {
        Path file = file(definition.name());
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IllegalStateException(
                    file + " is there already but is no definition in use; correct it and restart, or remove it");
        }
        Path unfinished = write(definition);
        try {
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            flushFolder();
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /**
     * Replaces a definition by a newer one, safe against a crash of the host once this returns: whatever happens, the file
     * holds the one or the other.
     *
     * @throws IllegalStateException where there is none to be replaced
     */
    void replace(VmDefinition definition) throws IOException {
        Path file = file(definition.name());
        Path unfinished = write(definition);
        try {
            synchronized (this) { // a definition that is removed meanwhile must not come back
                if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw new IllegalStateException(
                            file + " is gone: the VM is being undefined, or somebody removed it");
                }
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            }
            flushFolder();
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** Writes a definition beside its place, down to the disk. */
    private Path write(VmDefinition definition) throws IOException {
        Path unfinished = folder.resolve(definition.name() + UNFINISHED_SUFFIX);
        try {
            Files.deleteIfExists(unfinished);
            Files.createFile(unfinished, OWNER_ONLY_FILE);
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(VmDefinitionWriter.write(definition) + "\n");
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            return unfinished;
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
    }

    /** Removes a definition, safe against a crash of the host once this returns. */
    void remove(String name) throws IOException {
        synchronized (this) {
            Files.deleteIfExists(file(name));
        }
        flushFolder();
    }

    private Path file(String name) {
        return folder.resolve(name + SUFFIX);
    }

    /** A new or removed name lasts only once its folder is on the disk. */
    private void flushFolder() throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
