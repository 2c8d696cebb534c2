package org.kvmbeans.block.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.Posix;

/** Finds out who has an image that is refused; the words are for the user. */
final class Holders {
    private Holders() {}

    /**
     * Who holds a file that {@code fd} is open to: as noted on it, if by a process that is there; or some process of this
     * host that has locked or at least opened it, as far as this one may see; or as noted by another host, of which no more is known here.
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

    private enum Use {
        NONE,
        OPEN,
        LOCKED
    }

    /** One that has a lock on it, or else has it open. */
    private static @Nullable String opener(int fd) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            Path image = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
            long self = ProcessHandle.current().pid();
            String found = null;
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                Use use = use(process, image, pid == self ? fd : -1);
                if (use == Use.LOCKED) {
                    return process(pid);
                }
                if (use == Use.OPEN) {
                    found = process(pid);
                }
            }
            return found;
        } catch (IOException e) {
            return null;
        }
    }

    private static Use use(Path process, Path image, int exceptFd) {
        Use use = Use.NONE;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (!descriptor.endsWith(Integer.toString(exceptFd)) && isLinkTo(descriptor, image)) {
                    if (hasLock(process.resolve("fdinfo").resolve(descriptor.getFileName()))) {
                        return Use.LOCKED;
                    }
                    use = Use.OPEN;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Another user's process, or one that has ended.
            return use;
        }
        return use;
    }

    private static boolean isLinkTo(Path descriptor, Path image) {
        try {
            return Files.readSymbolicLink(descriptor).equals(image);
        } catch (IOException e) {
            return false;
        }
    }

    /** proc(5): a line for each lock. */
    private static boolean hasLock(Path descriptorInfo) {
        try (Stream<String> lines = Files.lines(descriptorInfo)) {
            return lines.anyMatch(line -> line.startsWith("lock:"));
        } catch (IOException | UncheckedIOException e) {
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
