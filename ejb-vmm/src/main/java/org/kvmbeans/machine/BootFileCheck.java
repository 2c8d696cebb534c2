package org.kvmbeans.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Whether a path names a file that a VM can be booted from, as far as can be told without reading it. */
final class BootFileCheck {
    private BootFileCheck() {}

    /** What is wrong with the file and what would be right; empty where nothing is. */
    static String problem(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                return "that is a directory; give the file in it";
            }
            if (!attributes.isRegularFile()) {
                return "that is a device, socket or pipe; give a regular file";
            }
            if (attributes.size() == 0) {
                return "that file is empty; give a complete one";
            }
            return Files.isReadable(path) ? "" : unreadable();
        } catch (NoSuchFileException e) {
            return "there is no such file; give one that exists on the server";
        } catch (IOException e) {
            return unreadable();
        }
    }

    private static String unreadable() {
        return "the server's user " + System.getProperty("user.name")
                + " may not read it; change the rights of the file and its folders";
    }
}
