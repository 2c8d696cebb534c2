package org.kvmbeans.block.raw;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/** Files and memory for tests of images; under target/, where the file system has direct I/O. */
final class TestDisk {
    private static final int PAGE = 4096;

    private TestDisk() {}

    static Path directory() throws IOException {
        return Files.createTempDirectory(
                Files.createDirectories(Path.of("target", "disks").toAbsolutePath()), "raw");
    }

    static Path file(Path directory, long bytes) throws IOException {
        Path path = Files.createTempFile(directory, "disk", ".raw");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
        return path;
    }

    static RawImage open(Posix posix, Path path, CacheMode cache) throws IOException {
        return RawImage.open(posix, path.toString(), new OpenOptions(Access.READ_WRITE, cache));
    }

    static RawImage openToRead(Posix posix, Path path) throws IOException {
        return RawImage.open(posix, path.toString(), new OpenOptions(Access.READ_ONLY, CacheMode.WRITEBACK));
    }

    /** Memory of one segment, {@code misalignment} bytes beyond a page. */
    static IoVector memory(Posix posix, int misalignment, int length) {
        NativeStruct memory = new NativeStruct(posix, length + 2 * PAGE);
        int start = (int) (-memory.address() & (PAGE - 1)) + misalignment;
        IoVector vector = new IoVector(posix, 1);
        vector.add(memory.buffer(), memory.address(), start, length);
        return vector;
    }

    /** Memory of segments of {@code segment} bytes each, as unaligned as it comes. */
    static IoVector scattered(Posix posix, int segment, int length) {
        IoVector vector = new IoVector(posix, 1);
        for (int at = 0; at < length; at += segment) {
            NativeStruct memory = new NativeStruct(posix, segment + 3);
            vector.add(memory.buffer(), memory.address(), 3, Math.min(segment, length - at));
        }
        return vector;
    }

    static IoVector filled(IoVector vector, byte[] contents) {
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    static byte[] contents(IoVector vector) {
        byte[] bytes = new byte[(int) vector.totalBytes()];
        vector.copyTo(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    static byte[] read(Posix posix, RawImage image, long offset, int length) throws IOException {
        IoVector target = filled(memory(posix, 0, length), pattern(length, 99));
        image.read(offset, target);
        return contents(target);
    }

    static void write(Posix posix, RawImage image, long offset, byte[] contents) throws IOException {
        image.write(offset, filled(memory(posix, 0, contents.length), contents));
    }

    static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + seed + (i >> 9));
        }
        return bytes;
    }
}
