package org.kvmbeans.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.block.nbd.NbdClientOptions;
import org.kvmbeans.block.qcow2.check.Qcow2Check;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/**
 * Disk images here and under QEMU's tools, on the same files, in turns. Prints one line of JSON for each figure: the
 * medians, and their ratio, above 1 where we are faster. Of QEMU's ways of I/O the faster one counts. A round before the
 * first is not counted on either side, and before a load ours runs for {@value #WARM_UP_SECONDS} s, as a server's JVM has
 * run for long when a disk is busy.
 *
 * <p>Arguments: a directory with 4 GiB of room, one with 1 GiB for direct I/O, rounds, and the figures: {@code loads},
 * {@code others}, or names; by default all.
 */
final class ImageBenchmark {
    private static final Posix POSIX = new JnaPosix();
    private static final long DISK_BYTES = 1L << 30;
    private static final int KIB = 1 << 10;
    private static final int MANY = 200_000;
    private static final int MIB = 1 << 20;
    private static final int WARM_UP_SECONDS = 5;
    /** A multiple of 4 KiB that leads all over the disk: the prime 65,521 of them. */
    private static final long SCATTERED = 65_521L * 4 * KIB;

    private final Path directory;
    private final Path directDirectory;
    private final int rounds;

    /** What takes seconds, and may fail. */
    private interface Side {
        double seconds() throws IOException, InterruptedException;
    }

    private interface Preparation {
        void prepare() throws IOException;
    }

    private interface Figure {
        void take() throws IOException, InterruptedException;
    }

    private ImageBenchmark(Path directory, Path directDirectory, int rounds) {
        this.directory = directory;
        this.directDirectory = directDirectory;
        this.rounds = rounds;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        new ImageBenchmark(Path.of(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]))
                .run(List.of(arguments).subList(3, arguments.length));
    }

    private void run(List<String> wanted) throws IOException, InterruptedException {
        Map<String, Figure> loads = loads();
        Map<String, Figure> others = others();
        for (String name : wanted.isEmpty() ? List.of("others", "loads") : wanted) {
            switch (name) {
                case "loads" -> takeAll(loads);
                case "others" -> takeAll(others);
                default -> {
                    Figure figure = loads.getOrDefault(name, others.get(name));
                    if (figure == null) {
                        throw new IllegalArgumentException(name + " is no figure; there are loads: " + loads.keySet()
                                + ", and others: " + others.keySet());
                    }
                    takeAll(Map.of(name, figure));
                }
            }
        }
    }

    private Map<String, Figure> loads() {
        Map<String, Figure> figures = new LinkedHashMap<>();
        for (CacheMode cache : List.of(CacheMode.WRITEBACK, CacheMode.NONE)) {
            String suffix = cache == CacheMode.NONE ? " direct" : " cached";
            figures.put("sequential read" + suffix, () -> load(cache, new ImageLoad(false, MIB, MIB, 4096, 4)));
            figures.put("sequential write" + suffix, () -> load(cache, new ImageLoad(true, MIB, MIB, 2048, 4)));
            figures.put("random read" + suffix, () -> load(cache, new ImageLoad(false, 4 * KIB, SCATTERED, MANY, 32)));
            figures.put("random write" + suffix, () -> load(cache, new ImageLoad(true, 4 * KIB, SCATTERED, MANY, 32)));
        }
        return figures;
    }

    private Map<String, Figure> others() {
        Map<String, Figure> figures = new LinkedHashMap<>();
        // First, while the process is small.
        figures.put("memory of 1 TiB", this::memory);
        figures.put("sequential allocation", () -> allocate(new ImageLoad(true, 64 * KIB, 64 * KIB, 16_384, 4)));
        figures.put("random allocation", () -> allocate(new ImageLoad(true, 4 * KIB, SCATTERED, 16_384, 32)));
        for (ConversionFigures.Kind kind : ConversionFigures.Kind.values()) {
            String name = kind.name().toLowerCase(Locale.ROOT);
            figures.put("convert raw to " + name, () -> convertTo(kind));
            figures.put("convert " + name + " to raw", () -> convertFrom(kind));
        }
        figures.put("check of 100 GiB", this::check);
        figures.put("chain of 50", () -> openChain(50));
        return figures;
    }

    private void takeAll(Map<String, Figure> figures) throws IOException, InterruptedException {
        for (Map.Entry<String, Figure> figure : figures.entrySet()) {
            current = figure.getKey();
            figure.getValue().take();
        }
    }

    private String current = "";

    // --- figures ------------------------------------------------------------------------------------

    /** An image whose clusters are all there. */
    private void load(CacheMode cache, ImageLoad load) throws IOException, InterruptedException {
        Path image = (cache == CacheMode.NONE ? directDirectory : directory).resolve("full.qcow2");
        if (!Files.exists(image)) {
            QemuImg.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "" + DISK_BYTES);
            QemuImg.bench(
                    new ImageLoad(true, MIB, MIB, 1024, 4), image.toString(), "qcow2", CacheMode.WRITEBACK, "threads");
        }
        String path = image.toString();
        Side ours = () -> {
            try (DiskImage open = open(image, load.write() ? Access.READ_WRITE : Access.READ_ONLY, cache)) {
                return load.run(POSIX, open);
            }
        };
        for (double seconds = 0; seconds < WARM_UP_SECONDS; ) {
            seconds += ours.seconds();
        }
        compare(
                () -> {},
                ours,
                () -> QemuImg.bench(load, path, "qcow2", cache, "threads"),
                () -> QemuImg.bench(load, path, "qcow2", cache, "io_uring"));
        Files.delete(image);
    }

    private void allocate(ImageLoad load) throws IOException, InterruptedException {
        Path image = directory.resolve("fresh.qcow2");
        String path = image.toString();
        compare(
                () -> QemuImg.run("qemu-img", "create", "-q", "-f", "qcow2", path, "" + DISK_BYTES),
                () -> {
                    try (DiskImage open = open(image, Access.READ_WRITE, CacheMode.WRITEBACK)) {
                        return load.run(POSIX, open);
                    }
                },
                () -> QemuImg.bench(load, path, "qcow2", CacheMode.WRITEBACK, "threads"),
                () -> QemuImg.bench(load, path, "qcow2", CacheMode.WRITEBACK, "io_uring"));
        Files.delete(image);
    }

    /** Opening a chain and reading 4 KiB that only its last image has; less the time of an image without a chain. */
    private void openChain(int length) throws IOException, InterruptedException {
        Path below = null;
        for (int i = 0; i < length; i++) {
            Path image = directory.resolve("chain" + i + ".qcow2");
            if (below == null) {
                QemuImg.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "" + DISK_BYTES);
                QemuImg.run("qemu-io", "-c", "write 0 64k", image.toString());
            } else {
                QemuImg.run(
                        "qemu-img",
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-b",
                        below.toString(),
                        "-F",
                        "qcow2",
                        image.toString());
            }
            below = image;
        }
        Path top = directory.resolve("chain" + (length - 1) + ".qcow2");
        Path base = directory.resolve("chain0.qcow2");
        compare(() -> {}, () -> readFirst(top) - readFirst(base), () -> qemuReadFirst(top) - qemuReadFirst(base));
        for (int i = 0; i < length; i++) {
            Files.delete(directory.resolve("chain" + i + ".qcow2"));
        }
    }

    private void convertTo(ConversionFigures.Kind kind) throws IOException, InterruptedException {
        ConversionFigures conversions = new ConversionFigures(POSIX, directory);
        Path source = conversions.source();
        Path target = directory.resolve("target.qcow2");
        compare(
                () -> Files.deleteIfExists(target),
                () -> conversions.ours(source, DiskFormat.RAW, target, DiskFormat.QCOW2, kind),
                () -> conversions.qemuToQcow2(source, target, kind));
        Files.delete(target);
    }

    private void convertFrom(ConversionFigures.Kind kind) throws IOException, InterruptedException {
        ConversionFigures conversions = new ConversionFigures(POSIX, directory);
        Path source = directory.resolve("source.qcow2");
        conversions.qemuToQcow2(conversions.source(), source, kind);
        Path target = directory.resolve("target.raw");
        compare(
                () -> Files.deleteIfExists(target),
                () -> conversions.ours(source, DiskFormat.QCOW2, target, DiskFormat.RAW, kind),
                () -> conversions.qemuToRaw(source, target, kind));
        Files.delete(source);
        Files.delete(target);
    }

    /** An image of 100 GiB whose clusters all have a place, in a file without holes filled. */
    private void check() throws IOException, InterruptedException {
        Path image = directory.resolve("large.qcow2");
        String path = image.toString();
        QemuImg.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", path, "100G");
        compare(
                () -> {},
                () -> {
                    long start = System.nanoTime();
                    try (Storage storage = OPENER.openStorage(path, options(Access.READ_ONLY, CacheMode.WRITEBACK))) {
                        if (!Qcow2Check.check(POSIX, storage, Progress.NONE).clean()) {
                            throw new IOException(path + " is not clean");
                        }
                    }
                    return (System.nanoTime() - start) / 1e9;
                },
                () -> QemuImg.time("qemu-img", "check", "-q", "-f", "qcow2", path));
        Files.delete(image);
    }

    private void memory() throws IOException {
        Path image = directory.resolve("tebibyte.qcow2");
        QemuImg.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", image.toString(), "1T");
        MemoryFigure figure = new MemoryFigure(POSIX, image);
        double ours = figure.ours(() -> open(image, Access.READ_ONLY, CacheMode.WRITEBACK), rounds) / (double) MIB;
        double qemu = figure.qemu(1L << 40) / (double) MIB;
        System.out.printf(
                "{\"benchmark\":\"%s\",\"unit\":\"MiB\",\"ours\":%.1f,\"qemu\":%.1f,\"ratio\":%.3f}%n",
                current, ours, qemu, qemu / ours);
        Files.delete(image);
    }

    private double readFirst(Path image) throws IOException {
        NativeStruct memory = new NativeStruct(POSIX, 4 * KIB);
        IoVector vector = new IoVector(POSIX, 1);
        vector.add(memory.buffer(), memory.address(), 0, 4 * KIB);
        long start = System.nanoTime();
        try (DiskImage open = open(image, Access.READ_ONLY, CacheMode.WRITEBACK)) {
            open.read(0, vector);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static double qemuReadFirst(Path image) throws IOException {
        return QemuImg.time("qemu-io", "-r", "-f", "qcow2", "-c", "read -q 0 4k", image.toString());
    }

    // --- both sides ---------------------------------------------------------------------------------

    private void compare(Preparation before, Side ours, Side... theirs) throws IOException, InterruptedException {
        double[] our = new double[rounds];
        double[][] their = new double[theirs.length][rounds];
        for (int round = -1; round < rounds; round++) {
            double mine = measure(before, ours);
            for (int i = 0; i < theirs.length; i++) {
                double seconds = measure(before, theirs[i]);
                if (round >= 0) {
                    their[i][round] = seconds;
                }
            }
            if (round >= 0) {
                our[round] = mine;
            }
        }
        double best =
                Arrays.stream(their).mapToDouble(ImageBenchmark::median).min().orElseThrow();
        System.out.printf(
                "{\"benchmark\":\"%s\",\"unit\":\"s\",\"ours\":%.4f,\"qemu\":%.4f,\"ratio\":%.3f}%n",
                current, median(our), best, best / median(our));
    }

    private static double measure(Preparation before, Side side) throws IOException, InterruptedException {
        before.prepare();
        return side.seconds();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    // --- opening ------------------------------------------------------------------------------------

    private static DiskImage open(Path image, Access access, CacheMode cache) throws IOException {
        return OPENER.open(image.toString(), DiskFormat.QCOW2, options(access, cache));
    }

    private static OpenOptions options(Access access, CacheMode cache) {
        return new OpenOptions(access, cache, ImageRules.ANY, SecretSource.NONE);
    }

    private static final DiskImages OPENER = new DiskImages(POSIX, NbdClientOptions.DEFAULT);
}
