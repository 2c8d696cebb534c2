package org.kvmbeans.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * What a process needs for an image that is open and was read all over, so that its caches are full: the resident memory
 * that it has more than before.
 */
final class MemoryFigure {
    private static final long STEP_BYTES = 32L << 20;
    private static final int READ_BYTES = 4096;
    private static final String PROMPT = "qemu-io> ";

    private final Posix posix;
    private final Path image;

    /** Opens the image once more. */
    interface Opener {
        DiskImage open() throws IOException;
    }

    MemoryFigure(Posix posix, Path image) {
        this.posix = posix;
        this.image = image;
    }

    /** Of this process, as the mean of several that are open at once. */
    long ours(Opener opener, int count) throws IOException {
        List<DiskImage> open = new ArrayList<>();
        try {
            // What is loaded and compiled for the first one is nobody's.
            try (DiskImage first = opener.open()) {
                readAllOver(first);
            }
            long before = settledBytes();
            for (int i = 0; i < count; i++) {
                open.add(opener.open());
                readAllOver(open.get(i));
            }
            return (settledBytes() - before) / count;
        } finally {
            for (DiskImage one : open) {
                one.close();
            }
        }
    }

    private void readAllOver(DiskImage disk) throws IOException {
        NativeStruct memory = new NativeStruct(posix, READ_BYTES);
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), 0, READ_BYTES);
        for (long offset = 0; offset < disk.sizeBytes(); offset += STEP_BYTES) {
            disk.read(offset, vector);
        }
    }

    private static long settledBytes() throws IOException {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return residentBytes("self");
    }

    /** Of a {@code qemu-io}. */
    long qemu(long diskBytes) throws IOException {
        Process process = new ProcessBuilder("qemu-io", "-r", "-f", "qcow2")
                .redirectErrorStream(true)
                .start();
        try (PrintStream commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
                Reader answers =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String pid = Long.toString(process.pid());
            awaitPrompt(answers);
            long before = residentBytes(pid);
            ask(commands, answers, "open -r -o driver=qcow2 " + image);
            for (long offset = 0; offset < diskBytes; offset += STEP_BYTES) {
                ask(commands, answers, "read -q " + offset + " " + READ_BYTES);
            }
            long after = residentBytes(pid);
            commands.println("quit");
            return after - before;
        } finally {
            process.destroy();
        }
    }

    /** One at a time: of several that it reads together, it carries out the first. */
    private static void ask(PrintStream commands, Reader answers, String command) throws IOException {
        commands.println(command);
        awaitPrompt(answers);
    }

    private static void awaitPrompt(Reader answers) throws IOException {
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf(PROMPT) < 0) {
            int character = answers.read();
            if (character < 0) {
                throw new IOException("qemu-io ended: " + answer);
            }
            answer.append((char) character);
        }
    }

    private static long residentBytes(String process) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", process, "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new IOException("/proc/" + process + "/status has no VmRSS");
    }
}
