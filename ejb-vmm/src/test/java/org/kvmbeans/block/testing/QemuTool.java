package org.kvmbeans.block.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's tools as the judge of what is written here; a machine without them fails the tests that ask them. */
public final class QemuTool {
    /** How a tool ended, and what it said. */
    public record Outcome(int status, String output, String errors) {}

    private static final int MAX_TRIES = 50;

    private QemuTool() {}

    /** Runs {@code qemu-img}, which must succeed, and returns what it printed. */
    public static String img(Object... arguments) {
        Outcome outcome = run("qemu-img", arguments);
        if (outcome.status() != 0) {
            throw new AssertionError("qemu-img " + List.of(arguments) + " ended with " + outcome.status() + ":\n"
                    + outcome.output() + outcome.errors());
        }
        return outcome.output();
    }

    /** As {@link #img}, for a command that prints JSON if it is asked to. */
    public static JsonNode json(Object... arguments) {
        try {
            return new ObjectMapper().readTree(img(arguments));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@code qemu-img check} finds; an empty object where it cannot check the image at all. */
    public static JsonNode check(Path image) {
        try {
            JsonNode found = new ObjectMapper()
                    .readTree(run("qemu-img", "check", "--output=json", image).output());
            return found.isMissingNode() ? new ObjectMapper().createObjectNode() : found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs {@code qemu-io} on a qcow2 image; all of the commands must succeed. */
    public static String io(Path image, String... commands) {
        List<Object> arguments = new ArrayList<>(List.of("-f", "qcow2"));
        for (String command : commands) {
            arguments.add("-c");
            arguments.add(command);
        }
        arguments.add(image);
        Outcome outcome = run("qemu-io", arguments.toArray());
        if (outcome.status() != 0 || outcome.output().contains("failed")) {
            throw new AssertionError(arguments + ":\n" + outcome.output() + outcome.errors());
        }
        return outcome.output();
    }

    /**
     * Runs a tool to its end. QEMU measures how fast the machine tries passphrases, and gives up where others keep it busy:
     * it is asked again then.
     */
    public static Outcome run(String tool, Object... arguments) {
        Outcome outcome;
        int tries = 0;
        do {
            outcome = runOnce(tool, arguments);
        } while (outcome.errors().contains("Unable to get accurate CPU usage") && ++tries < MAX_TRIES);
        return outcome;
    }

    private static Outcome runOnce(String tool, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(tool));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        try {
            Path errors = Files.createTempFile("qemu", ".err");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectError(errors.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .start();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                return new Outcome(process.waitFor(), output, Files.readString(errors));
            } finally {
                Files.delete(errors);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
