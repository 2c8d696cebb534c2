package org.kvmbeans.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The C side of a benchmark: does a number of something when it is asked to, and answers with what it took. */
final class CProgram implements AutoCloseable {
    private final Process process;
    private final PrintStream requests;
    private final BufferedReader answers;

    CProgram(String program, String benchmark) throws IOException {
        process = new ProcessBuilder(program, benchmark)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        requests = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
        answers = process.inputReader(StandardCharsets.US_ASCII);
    }

    /** Lets it do {@code count}; the numbers it answers with. */
    double[] ask(long count) throws IOException {
        requests.println(count);
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the C program has ended");
        }
        return Arrays.stream(line.split(" ", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
