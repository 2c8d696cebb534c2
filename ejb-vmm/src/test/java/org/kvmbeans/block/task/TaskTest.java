package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SwitchableImage;
import org.kvmbeans.block.raw.RawImage;

/** What tests of operations share: a directory, a thread for the operation, and QEMU's tools. */
@Timeout(TaskTest.HANGS_SECONDS)
abstract class TaskTest {
    /** An operation that has not ended by then hangs. */
    static final int HANGS_SECONDS = 120;

    static final int SIZE = 4 << 20;

    @TempDir
    Path directory;

    final ExecutorService threads = Executors.newCachedThreadPool();
    final CopyMeans means = new CopyMeans(Memory.POSIX, 4, 64 << 10, new CopyPace());
    final RawMaker raw = new RawMaker(Memory.POSIX, CacheMode.WRITEBACK, RawMaker.Preallocation.OFF);

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    static SwitchableImage disk(MemoryImage image) {
        return new SwitchableImage("vda", image);
    }

    static RawImage open(Path path) throws IOException {
        return RawImage.open(Memory.POSIX, path.toString(), new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK));
    }

    static byte[] fileContents(Path path) throws IOException {
        return Files.readAllBytes(path);
    }

    /** The names in the directory. */
    List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Cancels at the n-th word of progress. */
    static Progress cancelAt(int step) {
        AtomicInteger steps = new AtomicInteger();
        return (done, total) -> {
            if (steps.getAndIncrement() >= step) {
                throw new CancellationException("cancelled at step " + step);
            }
        };
    }

    /** Runs a tool of QEMU's, which must be there, and gives what it said. */
    static String tool(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(new ArrayList<>(List.of(command)) + ": " + output);
        }
        return output;
    }
}
