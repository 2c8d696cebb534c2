package org.kvmbeans.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.ImageOpener;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.block.raw.RawImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** Images, files and memory for tests. */
final class EngineDisk {
    static final Posix POSIX = new JnaPosix();

    private EngineDisk() {}

    static Path directory() throws IOException {
        return Files.createTempDirectory(
                Files.createDirectories(Path.of("target", "disks").toAbsolutePath()), "qcow2");
    }

    static void remove(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static OpenOptions options(Access access) {
        return new OpenOptions(access, CacheMode.WRITEBACK, ImageRules.ANY, SecretSource.NONE);
    }

    static Qcow2Image open(Path path) throws IOException {
        return Qcow2Image.open(POSIX, HostFile.open(POSIX, path.toString(), options(Access.READ_WRITE)), OPENER);
    }

    static Qcow2Image openToRead(Path path) throws IOException {
        return Qcow2Image.open(POSIX, HostFile.open(POSIX, path.toString(), options(Access.READ_ONLY)), OPENER);
    }

    static final ImageOpener OPENER = new ImageOpener() {
        @Override
        public DiskImage openImage(String path, String format, OpenOptions options) throws IOException {
            return format.equals("raw")
                    ? RawImage.open(POSIX, path, options)
                    : Qcow2Image.open(POSIX, openStorage(path, options), this);
        }

        @Override
        public Storage openStorage(String path, OpenOptions options) throws IOException {
            return HostFile.open(POSIX, path, options);
        }
    };

    static IoVector memory(byte[] contents) {
        NativeStruct memory = new NativeStruct(POSIX, Math.max(1, contents.length));
        IoVector vector = new IoVector(POSIX, 1);
        vector.add(memory.buffer(), memory.address(), 0, contents.length);
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    static void write(DiskImage image, long offset, byte[] contents) throws IOException {
        image.write(offset, memory(contents));
    }

    static byte[] read(DiskImage image, long offset, int length) throws IOException {
        byte[] contents = new byte[length];
        java.util.Arrays.fill(contents, (byte) 0xAA);
        IoVector vector = memory(contents);
        image.read(offset, vector);
        vector.copyTo(0, ByteBuffer.wrap(contents));
        return contents;
    }
}
