package org.kvmbeans.machine.definition;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Whether a path names a file that a VM can use, as far as can be told without reading it. */
final class FileCheck {
    private static final int TYPE_MASK = 0xF000;
    private static final int BLOCK_DEVICE = 0x6000;

    private FileCheck() {}

    /** What is wrong with a file to boot from and what would be right; empty where nothing is. */
    static String bootFileProblem(Path path) {
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
            return missing();
        } catch (IOException e) {
            return unreadable();
        }
    }

    /** What is wrong with a disk's file or device and what would be right; empty where nothing is. */
    static String diskProblem(Path path, boolean readOnly) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                return "that is a directory; give the image in it";
            }
            if (!attributes.isRegularFile() && !isBlockDevice(path)) {
                return "that is neither a file nor a block device; give one of these";
            }
            if (!Files.isReadable(path)) {
                return unreadable();
            }
            return readOnly || Files.isWritable(path)
                    ? ""
                    : "the server's user " + System.getProperty("user.name")
                            + " may not write it; change its rights, or give \"readOnly\": true";
        } catch (NoSuchFileException e) {
            return missing();
        } catch (IOException e) {
            return unreadable();
        }
    }

    private static boolean isBlockDevice(Path path) throws IOException {
        return Files.getAttribute(path, "unix:mode") instanceof Integer mode && (mode & TYPE_MASK) == BLOCK_DEVICE;
    }

    private static String missing() {
        return "there is no such file; give one that exists on the server";
    }

    private static String unreadable() {
        return "the server's user " + System.getProperty("user.name")
                + " may not read it; change the rights of the file and its folders";
    }
}
