package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;
import org.kvmbeans.sys.jna.JnaPosix;

/** Bytes in and out of images. */
final class Memory {
    static final Posix POSIX = new JnaPosix();

    private Memory() {}

    static IoVector vector(byte[] contents) {
        NativeStruct memory = new NativeStruct(POSIX, Math.max(1, contents.length));
        IoVector vector = new IoVector(POSIX, 1);
        vector.add(memory.buffer(), memory.address(), 0, contents.length);
        vector.copyFrom(0, ByteBuffer.wrap(contents));
        return vector;
    }

    static byte[] bytes(IoVector vector) {
        byte[] bytes = new byte[(int) vector.totalBytes()];
        vector.copyTo(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    static byte[] contents(DiskImage image) throws IOException {
        return read(image, 0, (int) image.sizeBytes());
    }

    static byte[] read(DiskImage image, long offset, int length) throws IOException {
        IoVector target = vector(random(length, 99));
        image.read(offset, target);
        return bytes(target);
    }

    static void write(DiskImage image, long offset, byte[] contents) throws IOException {
        image.write(offset, vector(contents));
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
