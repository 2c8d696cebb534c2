package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** What the tests of this package work with: files, memory, QEMU's tools, servers of QEMU's. Closed after each test. */
final class NbdBench implements AutoCloseable {
    static final OpenOptions WRITE = new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK);
    static final OpenOptions READ = new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK);

    final Posix posix = new JnaPosix();
    final Path directory;
    private final List<AutoCloseable> opened = new ArrayList<>();

    /** The end of a tool. */
    record Ended(int status, String output) {}

    NbdBench() throws IOException {
        // A UNIX socket's path has at most 107 bytes.
        directory = Files.createTempDirectory("nbd");
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    /** A sparse file. */
    Path file(String name, long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path(name).toFile(), "rw")) {
            file.setLength(bytes);
        }
        return path(name);
    }

    /** Has something closed after the test, the last first. */
    <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    RawImage image(Path path, OpenOptions options) throws IOException {
        return closing(RawImage.open(posix, path.toString(), options));
    }

    NbdServer server(NbdServerOptions options) throws IOException {
        return closing(NbdServer.start(posix, options));
    }

    NbdStorage client(String uri, NbdClientOptions options) throws IOException {
        return client(NbdUri.parse(uri), options);
    }

    NbdStorage client(NbdUri uri, NbdClientOptions options) throws IOException {
        return closing(NbdStorage.open(posix, uri, options, WRITE));
    }

    IoVector memory(int length) {
        NativeStruct memory = new NativeStruct(posix, Math.max(1, length));
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), 0, length);
        return vector;
    }

    IoVector memory(byte[] contents) {
        IoVector vector = memory(contents.length);
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    static byte[] contents(IoVector vector) {
        byte[] bytes = new byte[(int) vector.totalBytes()];
        vector.copyTo(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    byte[] read(NbdStorage storage, long offset, int length) throws IOException {
        IoVector target = memory(pattern(length, -1));
        storage.read(offset, target);
        return contents(target);
    }

    static byte[] pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Runs a tool to its end; fails where there is none of this name. */
    static Ended run(String... command) throws IOException {
        return run(Map.of(), command);
    }

    static Ended run(Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(waitFor(process), output);
    }

    static int waitFor(Process process) {
        try {
            if (process.waitFor(60, TimeUnit.SECONDS)) {
                return process.exitValue();
            }
            process.destroyForcibly();
            throw new AssertionError("a tool does not end: " + process.info());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** As {@link #run}, where it must succeed. */
    static String succeed(String... command) throws IOException {
        Ended ended = run(command);
        if (ended.status() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + ended);
        }
        return ended.output();
    }

    /** A port that nobody uses at present. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts qemu-nbd in the background, ready to be connected to; it ends with the test. */
    AutoCloseable qemuNbd(String... arguments) throws IOException {
        Path pidFile = Files.createTempFile(directory, "qemu-nbd", ".pid");
        List<String> command =
                new ArrayList<>(List.of("qemu-nbd", "--fork", "--persistent", "--shared=0", "--pid-file=" + pidFile));
        command.addAll(List.of(arguments));
        // Its child keeps the output open, so that nobody can wait for its end: to a file, then.
        Path output = path("qemu-nbd.out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (waitFor(process) != 0) {
            throw new AssertionError(command + ": " + Files.readString(output));
        }
        ProcessHandle server = ProcessHandle.of(
                        Long.parseLong(Files.readString(pidFile).trim()))
                .orElseThrow();
        return closing(() -> {
            server.destroyForcibly();
            server.onExit().get(60, TimeUnit.SECONDS);
        });
    }

    @Override
    public void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
