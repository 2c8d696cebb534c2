package org.kvmbeans.block.file;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * Who holds an image, as noted on the image itself: a lock alone does not tell, least of all one of another host. It means
 * something only while somebody holds the lock. Of several readers the last one is noted.
 *
 * <p>It is the extended attribute {@value #ATTRIBUTE}, in ASCII, where the file system has such:
 * {@code writer 4711 1795578797 java kvm2}; purpose, process, seconds since 1970, command and host. Short enough, mostly, to
 * lie in the inode of an ext4 file, where it takes no block.
 *
 * @param purpose what for
 * @param pid the process's id on its host
 * @param sinceEpochSeconds when it was locked
 * @param command what the kernel calls the process; printable, no space
 * @param host the host's name; printable, no space
 */
record HolderNote(String purpose, long pid, long sinceEpochSeconds, String command, String host) {
    static final String ATTRIBUTE = "user.kvmbeans.holder";

    /** No note is longer: one that is, another host's mistake or malice, is not read. */
    private static final int MAX_BYTES = 128;

    private static final int MAX_NAME = 64;
    private static final Pattern FORM =
            Pattern.compile("(reader|writer) (\\d{1,10}) (\\d{1,11}) ([!-~]{1,16}) ([!-~]{1,64})");
    private static final String THIS_HOST = hostName();
    private static final String THIS_COMMAND = printable(
            Objects.requireNonNullElse(Holders.command(ProcessHandle.current().pid()), ""));

    private static String hostName() {
        try {
            return printable(Files.readString(Path.of("/proc/sys/kernel/hostname")));
        } catch (IOException e) {
            return "?";
        }
    }

    private static String printable(String text) {
        String stripped = text.strip().replaceAll("[^!-~]", "_");
        return stripped.isEmpty() ? "?" : stripped.substring(0, Math.min(MAX_NAME, stripped.length()));
    }

    /** Notes this process on a file that it has locked; null where the file system takes no notes. */
    static @Nullable HolderNote write(Posix posix, int fd, Access access) {
        HolderNote note = new HolderNote(
                access == Access.READ_ONLY ? "reader" : "writer",
                ProcessHandle.current().pid(),
                Instant.now().getEpochSecond(),
                THIS_COMMAND,
                THIS_HOST);
        byte[] bytes = note.form().getBytes(StandardCharsets.US_ASCII);
        NativeStruct value = new NativeStruct(posix, bytes.length);
        value.buffer().put(0, bytes);
        try {
            return posix.fsetxattr(fd, ATTRIBUTE, value.address(), bytes.length, 0) < 0 ? null : note;
        } finally {
            Reference.reachabilityFence(value);
        }
    }

    /** What is noted on a file; null where there is nothing, or nothing of this form. */
    static @Nullable HolderNote read(Posix posix, int fd) {
        NativeStruct value = new NativeStruct(posix, MAX_BYTES);
        byte[] bytes;
        try {
            int length = posix.fgetxattr(fd, ATTRIBUTE, value.address(), MAX_BYTES);
            bytes = new byte[Math.max(0, length)];
            value.buffer().get(0, bytes);
        } finally {
            Reference.reachabilityFence(value);
        }
        Matcher matcher = FORM.matcher(new String(bytes, StandardCharsets.US_ASCII));
        return !matcher.matches()
                ? null
                : new HolderNote(
                        matcher.group(1),
                        Long.parseLong(matcher.group(2)),
                        Long.parseLong(matcher.group(3)),
                        matcher.group(4),
                        matcher.group(5));
    }

    /** Removes this note from a file, unless another one has taken its place. */
    void remove(Posix posix, int fd) {
        if (equals(read(posix, fd))) {
            posix.fremovexattr(fd, ATTRIBUTE);
        }
    }

    boolean isOfThisHost() {
        return host.equals(THIS_HOST);
    }

    /** Whether a process of this host with that number and name exists. */
    boolean isOfARunningProcess() {
        String running = isOfThisHost() ? Holders.command(pid) : null;
        return running != null && printable(running).equals(command);
    }

    private String form() {
        return purpose + " " + pid + " " + sinceEpochSeconds + " " + command + " " + host;
    }

    /** For messages. */
    String text() {
        boolean own = isOfThisHost() && pid == ProcessHandle.current().pid();
        return (own ? "another disk of this process" : "process " + pid + " (" + command + ") of host " + host)
                + " since " + Instant.ofEpochSecond(sinceEpochSeconds);
    }
}
