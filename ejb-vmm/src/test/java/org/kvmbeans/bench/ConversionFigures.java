package org.kvmbeans.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Progress;
import org.kvmbeans.block.crypto.LuksOptions;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.format.DiskImages;
import org.kvmbeans.block.nbd.NbdClientOptions;
import org.kvmbeans.block.qcow2.CompressionType;
import org.kvmbeans.block.qcow2.Preallocation;
import org.kvmbeans.block.qcow2.Qcow2Options;
import org.kvmbeans.block.task.Conversion;
import org.kvmbeans.block.task.CopyMeans;
import org.kvmbeans.block.task.ImageMaker;
import org.kvmbeans.block.task.NewImage;
import org.kvmbeans.block.task.Qcow2Maker;
import org.kvmbeans.block.task.RawMaker;
import org.kvmbeans.sys.Posix;

/** Conversions between raw and qcow2: both sides make an image that is durable when they are done. */
final class ConversionFigures {
    private static final int BLOCK_BYTES = 64 << 10;
    private static final int BLOCKS = 16_384;
    private static final String PASSPHRASE = "benchmark";
    private static final int KEY_MILLIS = 10;
    private static final int ATTEMPTS = 10;

    private final Posix posix;
    private final Path directory;
    private final OpenOptions options = new OpenOptions(
            Access.READ_WRITE,
            CacheMode.WRITEBACK,
            ImageRules.ANY,
            image -> PASSPHRASE.getBytes(StandardCharsets.UTF_8));
    private final DiskImages opener;

    /** How the qcow2 image of a conversion is made. */
    enum Kind {
        PLAIN("compression_type=zlib"),
        ZSTD("compression_type=zstd"),
        LUKS("encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=" + KEY_MILLIS);

        private final String qemuOptions;

        Kind(String qemuOptions) {
            this.qemuOptions = qemuOptions;
        }
    }

    ConversionFigures(Posix posix, Path directory) {
        this.posix = posix;
        this.directory = directory;
        opener = new DiskImages(posix, NbdClientOptions.DEFAULT);
    }

    /** A raw disk of 1 GiB: a quarter of it zeros, half of it words, a quarter random. */
    Path source() throws IOException {
        Path raw = directory.resolve("source.raw");
        if (!Files.exists(raw)) {
            Random random = new Random(1);
            byte[] block = new byte[BLOCK_BYTES];
            try (OutputStream out = Files.newOutputStream(raw)) {
                for (int i = 0; i < BLOCKS; i++) {
                    fill(block, i % 4, random);
                    out.write(block);
                }
            }
        }
        return raw;
    }

    private static void fill(byte[] block, int kind, Random random) {
        switch (kind) {
            case 0 -> java.util.Arrays.fill(block, (byte) 0);
            case 1 -> random.nextBytes(block);
            default -> {
                for (int at = 0; at < block.length; at += 8) {
                    int word = random.nextInt(4096);
                    for (int i = 0; i < 8; i++) {
                        block[at + i] = (byte) ('a' + (word >> i & 15));
                    }
                }
            }
        }
    }

    double ours(Path source, DiskFormat from, Path target, DiskFormat to, Kind kind) throws IOException {
        long start = System.nanoTime();
        try (DiskImage open = opener.open(source.toString(), from, options.withAccess(Access.READ_ONLY))) {
            ImageMaker maker = to == DiskFormat.RAW
                    ? new RawMaker(posix, CacheMode.WRITEBACK, RawMaker.Preallocation.OFF)
                    : qcow2Maker(kind);
            new Conversion(CopyMeans.of(posix), maker, NewImage.Existing.REPLACE).run(open, target, Progress.NONE);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private Qcow2Maker qcow2Maker(Kind kind) throws IOException {
        LuksOptions luks = new LuksOptions(LuksOptions.DEFAULT.cipher(), LuksOptions.DEFAULT.hash(), KEY_MILLIS);
        Qcow2Options format = new Qcow2Options(
                3,
                BLOCK_BYTES,
                false,
                kind == Kind.ZSTD ? CompressionType.ZSTD : CompressionType.ZLIB,
                16,
                false,
                null,
                null,
                false,
                Preallocation.OFF,
                kind == Kind.LUKS ? Qcow2Maker.encryption(posix, luks) : null);
        return new Qcow2Maker(
                posix,
                opener,
                options,
                format,
                kind == Kind.ZSTD ? Qcow2Maker.Clusters.COMPRESSED : Qcow2Maker.Clusters.PLAIN);
    }

    double qemuToQcow2(Path source, Path target, Kind kind) throws IOException {
        String compress = kind == Kind.ZSTD ? "-c" : "-q";
        return attempt(
                "qemu-img",
                "convert",
                "--object",
                "secret,id=s,data=" + PASSPHRASE,
                compress,
                "-t",
                "writeback",
                "-f",
                "raw",
                "-O",
                "qcow2",
                "-o",
                kind.qemuOptions,
                source.toString(),
                target.toString());
    }

    double qemuToRaw(Path source, Path target, Kind kind) throws IOException {
        String key = kind == Kind.LUKS ? ",encrypt.format=luks,encrypt.key-secret=s" : "";
        return attempt(
                "qemu-img",
                "convert",
                "--object",
                "secret,id=s,data=" + PASSPHRASE,
                "--image-opts",
                "-t",
                "writeback",
                "-O",
                "raw",
                "driver=qcow2,file.driver=file,file.filename=" + source + key,
                target.toString());
    }

    /** QEMU gives up making keys where its clock is too coarse to measure how fast it does. */
    private static double attempt(String... command) throws IOException {
        for (int i = 1; ; i++) {
            try {
                return QemuImg.time(command);
            } catch (IOException e) {
                if (i == ATTEMPTS || !String.valueOf(e.getMessage()).contains("CPU usage")) {
                    throw e;
                }
            }
        }
    }
}
