package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kvmbeans.block.CacheMode;

/** QEMU's tools for images: what ours are held against. */
final class QemuImg {
    private static final Pattern SECONDS = Pattern.compile("Run completed in ([0-9.]+) seconds");

    private QemuImg() {}

    /** Runs a load by {@code qemu-img bench}; the seconds that it says. */
    static double bench(ImageLoad load, String path, String format, CacheMode cache, String aio) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("qemu-img", "bench", "-f", format, "-t", cache.name().toLowerCase(Locale.ROOT), "-i", aio));
        command.addAll(List.of("-c", "" + load.count(), "-d", "" + load.depth(), "-s", "" + load.bytes()));
        command.addAll(List.of("-S", "" + load.stepBytes()));
        if (load.write()) {
            command.add("-w");
        }
        command.add(path);
        Matcher matcher = SECONDS.matcher(run(command.toArray(String[]::new)));
        if (!matcher.find()) {
            throw new IOException(command + " did not say how long it took");
        }
        return Double.parseDouble(matcher.group(1));
    }

    /** Runs a command; the seconds that its process took. */
    static double time(String... command) throws IOException {
        long start = System.nanoTime();
        run(command);
        return (System.nanoTime() - start) / 1e9;
    }

    /** Runs a command, which must succeed; what it printed. */
    static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return output;
    }
}
