package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.kvmbeans.mbeans.ObjectNames;

/**
 * Passphrases of encrypted images: one file each, named as the secret, of mode 0600 in the folder {@code secrets} of the home,
 * of mode 0700. Their contents never go into a message.
 */
final class Secrets {
    private static final int LONGEST_CHARACTERS = 512;
    private static final int LARGEST_FILE_BYTES = 4096;
    private static final Set<PosixFilePermission> USED_BY_OTHERS = PosixFilePermissions.fromString("---rwxrwx");

    private final Path folder;

    Secrets(Path home) {
        folder = home.resolve("secrets");
    }

    /** The names, in order. */
    List<String> names() {
        List<String> names = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    String name = file.getFileName().toString();
                    if (isName(name)) {
                        names.add(name);
                    }
                }
            } catch (IOException e) {
                throw new IllegalStateException(folder + " cannot be read: " + e.getMessage(), e);
            }
        }
        Collections.sort(names);
        return names;
    }

    /** Keeps a secret, or replaces it. */
    void define(String name, String value) {
        requireName(name);
        if (value.isEmpty() || value.length() > LONGEST_CHARACTERS) {
            throw new IllegalArgumentException(
                    "value has " + value.length() + " characters; give 1 to " + LONGEST_CHARACTERS);
        }
        try {
            OwnerOnlyFiles.createFolder(folder);
            OwnerOnlyFiles.replace(folder.resolve(name), value);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the secret " + name + " cannot be kept in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Forgets a secret. */
    void remove(String name) {
        requireName(name);
        try {
            Files.delete(folder.resolve(name));
            OwnerOnlyFiles.flushFolder(folder.resolve(name));
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("name is \"" + name + "\"; there is no such secret: see SecretNames", e);
        } catch (IOException e) {
            throw new IllegalStateException("the secret " + name + " cannot be removed: " + e.getMessage(), e);
        }
    }

    /** Whether there is such a secret. */
    boolean has(String name) {
        return isName(name) && Files.isRegularFile(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * The passphrase.
     *
     * @return bytes that the caller overwrites when he has used them
     * @throws IOException where there is none, or others can read it
     */
    byte[] read(String name) throws IOException {
        Path file = folder.resolve(name);
        if (!has(name)) {
            throw new IOException("there is no secret \"" + name + "\"; define it with Host.defineSecret");
        }
        if (!Collections.disjoint(Files.getPosixFilePermissions(file), USED_BY_OTHERS)) {
            throw new IOException(file + " can be used by others: make its mode 0600 (chmod)");
        }
        if (Files.size(file) > LARGEST_FILE_BYTES) {
            throw new IOException(file + " is larger than " + LARGEST_FILE_BYTES + " bytes");
        }
        return Files.readAllBytes(file);
    }

    private static void requireName(String name) {
        if (!isName(name)) {
            throw new IllegalArgumentException(
                    "name is \"" + name + "\"; give 1 to 64 of the characters A-Z a-z 0-9 . _ -, the first no dot");
        }
    }

    private static boolean isName(String name) {
        return ObjectNames.NAME.matcher(name).matches() && !name.startsWith(".") && !name.endsWith(".unfinished");
    }
}
