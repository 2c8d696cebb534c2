package org.kvmbeans.block.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.testing.QemuTool;
import org.kvmbeans.sys.FaultyPosix;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** Encrypted images, their passphrases, and QEMU's view of them. */
final class CryptoDisk {
    static final Posix POSIX = new FaultyPosix().posix();
    static final String PASSPHRASE = "correct horse battery staple";
    /** So quick that the fewest iterations are taken. */
    static final long QUICK_MILLIS = 1;

    private CryptoDisk() {}

    static byte[] bytes(String passphrase) {
        return passphrase.getBytes(StandardCharsets.UTF_8);
    }

    static Path directory() throws IOException {
        return Files.createTempDirectory(
                Files.createDirectories(Path.of("target", "disks").toAbsolutePath()), "crypto");
    }

    static Path file(Path directory, String name) throws IOException {
        return Files.createFile(directory.resolve(name));
    }

    static OpenOptions options(Access access, String passphrase) {
        SecretSource secrets = image -> bytes(passphrase);
        return new OpenOptions(access, CacheMode.WRITEBACK, ImageRules.ALONE, secrets);
    }

    static LuksOptions quick(CipherSpec cipher, HashAlgorithm hash) {
        return new LuksOptions(cipher, hash, QUICK_MILLIS);
    }

    static LuksImage create(Path path, long sizeBytes, LuksOptions options) throws IOException {
        HostFile file = HostFile.open(POSIX, path.toString(), options(Access.READ_WRITE, PASSPHRASE));
        try {
            return LuksImage.create(POSIX, file, sizeBytes, options);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    static LuksImage open(Path path, Access access, String passphrase) throws IOException {
        HostFile file = HostFile.open(POSIX, path.toString(), options(access, passphrase));
        try {
            return LuksImage.open(POSIX, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    static IoVector vector(byte[] contents) {
        NativeStruct memory = new NativeStruct(POSIX, Math.max(1, contents.length));
        IoVector vector = new IoVector(POSIX, 1);
        vector.add(memory.buffer(), memory.address(), 0, contents.length);
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    /** The same in segments of any length. */
    static IoVector scattered(byte[] contents, Random random) {
        IoVector vector = new IoVector(POSIX, 1);
        for (int at = 0; at < contents.length; ) {
            int length = Math.min(contents.length - at, 1 + random.nextInt(3000));
            NativeStruct memory = new NativeStruct(POSIX, length + 1);
            vector.add(memory.buffer(), memory.address(), 1, length);
            at += length;
        }
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    static byte[] contents(IoVector vector) {
        byte[] contents = new byte[(int) vector.totalBytes()];
        vector.copyTo(0, ByteBuffer.wrap(contents));
        return contents;
    }

    static byte[] read(DiskImage image, long offset, int length) throws IOException {
        IoVector target = vector(new byte[length]);
        image.read(offset, target);
        return contents(target);
    }

    static byte[] noise(int length, long seed) {
        byte[] noise = new byte[length];
        new Random(seed).nextBytes(noise);
        return noise;
    }

    /** QEMU's objects with passphrases, named s0, s1 and so on, from files in {@code directory}. */
    static List<Object> secrets(Path directory, String... passphrases) throws IOException {
        List<Object> arguments = new ArrayList<>();
        for (int i = 0; i < passphrases.length; i++) {
            Path file = directory.resolve("secret" + i);
            Files.writeString(file, passphrases[i]);
            arguments.add("--object");
            arguments.add("secret,id=s" + i + ",file=" + file);
        }
        return arguments;
    }

    /**
     * Runs {@code qemu-img}, which must succeed: again where it could not measure its own speed, which happens to it where
     * the host counts CPU time in ticks.
     */
    static String img(List<Object> arguments) {
        for (int tries = 0; ; tries++) {
            QemuTool.Outcome outcome = QemuTool.run("qemu-img", arguments.toArray());
            if (outcome.status() == 0) {
                return outcome.output();
            }
            if (tries == 50 || !outcome.errors().contains("Unable to get accurate CPU usage")) {
                throw new AssertionError("qemu-img " + arguments + ": " + outcome.output() + outcome.errors());
            }
        }
    }

    /** Runs commands of {@code qemu-io} on an image that s0 opens, all of which must succeed. */
    static void io(Path directory, String imageOptions, String passphrase, String... commands) throws IOException {
        List<Object> arguments = new ArrayList<>(secrets(directory, passphrase));
        arguments.add("--image-opts");
        arguments.add(imageOptions);
        for (String command : commands) {
            arguments.add("-c");
            arguments.add(command);
        }
        QemuTool.Outcome outcome = QemuTool.run("qemu-io", arguments.toArray());
        if (outcome.status() != 0
                || outcome.output().contains("failed")
                || !outcome.errors().isEmpty()) {
            throw new AssertionError(arguments + ": " + outcome.output() + outcome.errors());
        }
    }

    static String luks(Path path) {
        return "driver=luks,key-secret=s0,file.driver=file,file.filename=" + path;
    }

    static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
