package org.kvmbeans.block.testing;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.SecretSource;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;

/** Storage in memory, of at most {@link #MAX_BYTES}. Used by one thread at a time. */
public class MemoryStorage implements Storage {
    public static final int MAX_BYTES = 64 << 20;

    private byte[] bytes;

    public MemoryStorage(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** What it holds. */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public OpenOptions options() {
        return new OpenOptions(Access.READ_WRITE, CacheMode.WRITEBACK, ImageRules.ANY, SecretSource.NONE);
    }

    @Override
    public long sizeBytes() {
        return bytes.length;
    }

    @Override
    public DiskGeometry geometry() {
        return new DiskGeometry(512, 4096, 0, 4096);
    }

    @Override
    public void read(long offset, IoVector target) {
        target.zero(0, target.totalBytes());
        int within = (int) Math.max(0, Math.min(target.totalBytes(), bytes.length - offset));
        if (within > 0) {
            target.copyFrom(0, ByteBuffer.wrap(bytes, (int) offset, within));
        }
    }

    @Override
    public void write(long offset, IoVector source) {
        long end = offset + source.totalBytes();
        if (end > bytes.length) {
            resize(end);
        }
        source.copyTo(0, ByteBuffer.wrap(bytes, (int) offset, (int) source.totalBytes()));
    }

    @Override
    public void flush() {}

    @Override
    public void discard(long offset, long length) {
        writeZeroes(offset, length, true);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) {
        int end = (int) Math.min(bytes.length, offset + length);
        if (offset < end) {
            Arrays.fill(bytes, (int) offset, end, (byte) 0);
        }
    }

    @Override
    public void resize(long newBytes) {
        if (newBytes > MAX_BYTES) {
            throw new AssertionError("grown to " + newBytes + " bytes");
        }
        bytes = Arrays.copyOf(bytes, (int) newBytes);
    }

    @Override
    public long allocatedBytes() {
        return bytes.length;
    }

    @Override
    public Extent extent(long offset, long length) {
        return offset >= bytes.length
                ? new Extent(offset, length, Extent.Kind.ZERO, 0, -1)
                : new Extent(offset, Math.min(length, bytes.length - offset), Extent.Kind.DATA, 0, offset);
    }

    @Override
    public void close() {}
}
