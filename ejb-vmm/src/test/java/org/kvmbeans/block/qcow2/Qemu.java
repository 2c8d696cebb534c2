package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** QEMU's tools, which judge what is written here; a test that needs them fails where they are missing. */
final class Qemu {
    private Qemu() {}

    record Result(int status, String output) {}

    /** Runs {@code qemu-img} and fails unless it succeeds. */
    static String img(String... arguments) throws IOException {
        return run("qemu-img", arguments);
    }

    /** Runs {@code qemu-io} and fails unless it succeeds. */
    static String io(String... arguments) throws IOException {
        return run("qemu-io", arguments);
    }

    private static String run(String tool, String... arguments) throws IOException {
        Result result = tryRun(tool, arguments);
        if (result.status() != 0) {
            throw new AssertionError(tool + " " + String.join(" ", arguments) + " ended with " + result.status() + ":\n"
                    + result.output());
        }
        return result.output();
    }

    /** Runs one of the tools. */
    static Result tryRun(String tool, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(tool));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Result(process.waitFor(), output);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
