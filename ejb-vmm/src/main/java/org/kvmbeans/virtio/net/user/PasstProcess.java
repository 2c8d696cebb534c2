package org.kvmbeans.virtio.net.user;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.kvmbeans.sys.Errno;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.OwnedFd;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.PosixException;
import org.kvmbeans.virtio.net.NetBackendException;

/**
 * One passt(1) and the socket to it. It takes one client and ends with it: when this process ends, for whatever reason, the
 * socket closes and passt goes too. Started by root it runs as the user nobody.
 */
final class PasstProcess implements AutoCloseable {
    private static final String PROGRAM = "passt";
    private static final String UNPRIVILEGED_USER = "nobody";

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOCK_NONBLOCK = 0x800;
    /** Bytes of struct sockaddr_un, of which 2 are the family. */
    private static final int ADDRESS_BYTES = 110;

    private static final int ECONNREFUSED = 111;
    private static final long START_SECONDS = 10;
    private static final long POLL_NANOS = 2_000_000;
    private static final long STOP_SECONDS = 2;
    /** As much of what passt says as an error message holds. */
    private static final int MAX_OUTPUT = 2000;

    private final Process process;
    private final OwnedFd socket;

    private PasstProcess(Process process, OwnedFd socket) {
        this.process = process;
        this.socket = socket;
    }

    /**
     * Starts passt and connects to it.
     *
     * @param mtu told to the guest by DHCP
     * @throws NetBackendException where passt is not installed, or does not start
     */
    static PasstProcess start(Posix posix, int mtu, List<PortForward> forwards) {
        Path folder = makeFolder();
        try {
            Path path = folder.resolve("s");
            Path log = folder.resolve("log");
            Process process = launch(command(path, mtu, forwards), log);
            try {
                return new PasstProcess(process, connect(posix, process, path, log));
            } catch (RuntimeException e) {
                process.destroyForcibly();
                throw e;
            }
        } finally {
            // Connected, or failed: nobody else is to find the socket.
            delete(folder);
        }
    }

    /**
     * A directory for the socket which only this user can enter; and only passt's, where that is another one. In /tmp,
     * because that is where Debian's AppArmor profile lets passt make its socket.
     */
    private static Path makeFolder() {
        try {
            Path folder = Files.createTempDirectory(
                    Path.of("/tmp"),
                    "kvmbeans-passt-",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if (Files.getOwner(folder).getName().equals("root")) {
                Files.setOwner(
                        folder,
                        folder.getFileSystem()
                                .getUserPrincipalLookupService()
                                .lookupPrincipalByName(UNPRIVILEGED_USER));
            }
            return folder;
        } catch (IOException e) {
            throw new NetBackendException("passt's socket has no place in /tmp: " + e.getMessage(), e);
        }
    }

    private static List<String> command(Path socket, int mtu, List<PortForward> forwards) {
        List<String> command = new ArrayList<>(List.of(
                PROGRAM, "--foreground", "--one-off", "--stderr", "--socket", socket.toString(), "--mtu", "" + mtu));
        for (PortForward forward : forwards) {
            command.add(forward.protocol().option());
            command.add(forward.specification());
        }
        return command;
    }

    private static Process launch(List<String> command, Path log) {
        try {
            return new ProcessBuilder(command)
                    .directory(Path.of("/").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new NetBackendException(
                    "passt does not start: " + e.getMessage()
                            + "; install the package passt, or choose a bridge with the back end vhost or tap",
                    e);
        }
    }

    private static OwnedFd connect(Posix posix, Process process, Path path, Path log) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            int fd = PosixException.check(
                    posix.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket", "AF_UNIX");
            OwnedFd socket = new OwnedFd(posix, fd);
            int result = connect(posix, fd, path);
            if (result == 0) {
                return socket;
            }
            socket.close();
            boolean notYet = result == -Errno.ENOENT || result == -ECONNREFUSED || result == -Errno.EAGAIN;
            if (!process.isAlive() || !notYet || System.nanoTime() > deadline) {
                throw new NetBackendException("passt does not start: " + said(log)
                        + (process.isAlive() ? " (connect: " + Errno.name(-result) + ")" : ""));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private static int connect(Posix posix, int fd, Path path) {
        NativeStruct address = new NativeStruct(posix, ADDRESS_BYTES);
        address.buffer().putShort((short) AF_UNIX).put(path.toString().getBytes(StandardCharsets.UTF_8));
        try {
            return posix.connect(fd, address.address(), ADDRESS_BYTES);
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    /** What passt printed, on one line; where there is no system log it says so each time, which tells nothing. */
    private static String said(Path log) {
        try {
            String text = Files.readString(log)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.endsWith("bytes to syslog"))
                    .reduce("", (a, b) -> a.isEmpty() ? b : a + "; " + b);
            return text.length() > MAX_OUTPUT ? text.substring(0, MAX_OUTPUT) : text;
        } catch (IOException e) {
            return "it said nothing";
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The stream to it, which does not wait. */
    int socket() {
        return socket.number();
    }

    /** Its process id. */
    long processId() {
        return process.pid();
    }

    /** Closes the socket, whereupon passt ends; kills it where it does not. */
    @Override
    public void close() {
        socket.close();
        boolean ended = false;
        try {
            ended = process.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            process.destroyForcibly();
        }
    }
}
