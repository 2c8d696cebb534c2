package org.kvmbeans.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

/**
 * CPU and memory use of the host, from {@code /proc/stat} and {@code /proc/meminfo} (proc(5)).
 *
 * <p>A reading is at most a second old, and costs nothing while it is fresh. May be called from any thread; one that
 * finds another at work takes the previous reading.
 */
final class HostUsage {
    private static final Pattern BLANKS = Pattern.compile("\\s+");
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int IDLE_COLUMN = 4;
    private static final int IOWAIT_COLUMN = 5;
    /** Columns after the eighth count guest time, which is part of the first two as well. */
    private static final int LAST_COLUMN = 8;

    private final Path proc;
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile Reading reading;

    private record Reading(
            long nanoTime, long idleTicks, long allTicks, double cpuLoad, long memoryTotal, long memoryAvailable) {}

    HostUsage(Path proc) {
        this.proc = proc;
        this.reading = read(new Reading(0, 0, 0, -1, 0, 0));
    }

    /** Part of the CPU time in use between the last two readings; since the host's boot for the first one. */
    double cpuLoad() {
        return current().cpuLoad;
    }

    /** MemTotal in bytes. */
    long memoryTotalBytes() {
        return current().memoryTotal;
    }

    /** MemAvailable in bytes. */
    long memoryAvailableBytes() {
        return current().memoryAvailable;
    }

    private Reading current() {
        Reading latest = reading;
        if (System.nanoTime() - latest.nanoTime > FRESH_NANOS && refreshing.compareAndSet(false, true)) {
            try {
                latest = read(latest);
                reading = latest;
            } finally {
                refreshing.set(false);
            }
        }
        return latest;
    }

    private Reading read(Reading previous) {
        long idle = previous.idleTicks;
        long all = previous.allTicks;
        long total = previous.memoryTotal;
        long available = previous.memoryAvailable;
        try {
            String[] ticks = BLANKS.split(firstLine("stat"), -1);
            idle = sum(ticks, IDLE_COLUMN, IOWAIT_COLUMN);
            all = sum(ticks, 1, LAST_COLUMN);
            for (String line : Files.readAllLines(proc.resolve("meminfo"))) {
                String[] words = BLANKS.split(line, -1);
                if (words[0].equals("MemTotal:")) {
                    total = Long.parseLong(words[1]) * 1024;
                } else if (words[0].equals("MemAvailable:")) {
                    available = Long.parseLong(words[1]) * 1024;
                }
            }
        } catch (IOException | RuntimeException e) {
            // A host without these files has no reading; the values that were there stay.
            return new Reading(System.nanoTime(), idle, all, -1, total, available);
        }
        long elapsed = all - previous.allTicks;
        double load = elapsed <= 0 ? previous.cpuLoad : 1 - (idle - previous.idleTicks) / (double) elapsed;
        return new Reading(System.nanoTime(), idle, all, Math.min(1, Math.max(-1, load)), total, available);
    }

    private String firstLine(String file) throws IOException {
        return Files.readAllLines(proc.resolve(file)).get(0);
    }

    private static long sum(String[] words, int first, int last) {
        long sum = 0;
        for (int i = first; i <= Math.min(last, words.length - 1); i++) {
            sum += Long.parseLong(words[i]);
        }
        return sum;
    }
}
