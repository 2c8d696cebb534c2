package org.kvmbeans.block.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * Shell commands of a test, and how what they did is taken back: in reverse, each line whatever became of the others.
 *
 * <p>Their output goes to a file: a server that one of them starts would keep a pipe open.
 */
final class Undo implements AutoCloseable {
    private static final long COMMAND_SECONDS = 60;

    private final Deque<String> commands = new ArrayDeque<>();

    @FunctionalInterface
    interface Steps {
        void run() throws IOException;
    }

    /** Carries out steps that use this; where one fails, all are taken back. */
    void orClose(Steps steps) throws IOException {
        try {
            steps.run();
        } catch (IOException | RuntimeException | AssertionError e) {
            try {
                close();
            } catch (IOException | AssertionError alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
    }

    /** Runs a script of bash, which ends with the first command that fails; its output. */
    static String sh(String script) throws IOException {
        Path output = Files.createTempFile("sh", ".out");
        try {
            Process process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS);
            process.destroyForcibly();
            String text = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(ended).as(script + ": it takes too long: " + text).isTrue();
            assertThat(process.exitValue()).as(script + ": " + text).isZero();
            return text;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            Files.delete(output);
        }
    }

    /** Runs a script, after it has noted another one that takes it back, even where the first one fails half-way. */
    void sh(String script, String undo) throws IOException {
        later(undo);
        sh(script);
    }

    /** Notes a script that takes back what has been done. */
    void later(String undo) {
        commands.push(undo);
    }

    @Override
    public void close() throws IOException {
        AssertionError failure = null;
        while (!commands.isEmpty()) {
            for (String line : commands.pop().lines().toList()) {
                try {
                    sh(line);
                } catch (AssertionError e) {
                    if (failure == null) {
                        failure = e;
                    } else {
                        failure.addSuppressed(e);
                    }
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
