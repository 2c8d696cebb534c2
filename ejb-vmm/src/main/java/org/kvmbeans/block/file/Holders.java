package org.kvmbeans.block.file;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Posix;

/** Finds out who has an image that is refused; the words are for the user. */
final class Holders {
    private Holders() {}

    /**
     * Who holds a file that {@code fd} is open to: as noted on it, if by a process that is there; or some process of this
     * host that has it open, as far as this one may see; or as noted by another host, of which no more is known here.
     */
    static String of(Posix posix, int fd) {
        HolderNote note = HolderNote.read(posix, fd);
        if (note != null && note.isOfARunningProcess()) {
            return note.text();
        }
        String opener = opener(fd);
        if (opener != null) {
            return opener;
        }
        return note == null || note.isOfThisHost() ? "somebody else" : note.text();
    }

    private static @Nullable String opener(int fd) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            Path image = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
            long self = ProcessHandle.current().pid();
            String found = null;
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                if (hasOpen(process, image, pid == self ? fd : -1)) {
                    found = process(pid);
                    if (pid != self) {
                        break;
                    }
                }
            }
            return found;
        } catch (IOException e) {
            return null;
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

    /** A process of this host. */
    static String process(long pid) {
        if (pid == ProcessHandle.current().pid()) {
            return "another disk of this process";
        }
        String command = command(pid);
        return "process " + pid + (command == null ? "" : " (" + command + ")");
    }

    /** What the kernel calls a process, up to 15 characters; null where there is none. */
    static @Nullable String command(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
        } catch (IOException e) {
            return null;
        }
    }
}
