package org.kvmbeans.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.IoVector;

/** A disk in memory that fails the test where a request is not as {@link DiskImage} demands. */
final class CheckedDisk implements DiskImage {
    private static final int BLOCK = 512;

    private final byte[] contents;
    private final boolean readOnly;
    private boolean atOnce = true;

    CheckedDisk(int bytes, boolean readOnly) {
        contents = new byte[bytes];
        this.readOnly = readOnly;
    }

    /** Whether it answers at once what can be. */
    void answerAtOnce(boolean newAtOnce) {
        atOnce = newAtOnce;
    }

    private int check(long offset, long length) {
        assertThat(offset).isBetween(0L, (long) contents.length);
        assertThat(length).isBetween(0L, contents.length - offset);
        assertThat((offset | length) % BLOCK).isZero();
        return (int) offset;
    }

    private int checkWrite(long offset, long length) {
        assertThat(readOnly).isFalse();
        return check(offset, length);
    }

    @Override
    public long sizeBytes() {
        return contents.length;
    }

    @Override
    public DiskGeometry geometry() {
        return new DiskGeometry(BLOCK, 4096, 0, 4096);
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public synchronized void read(long offset, IoVector target) {
        int at = check(offset, target.totalBytes());
        target.copyFrom(0, ByteBuffer.wrap(contents, at, (int) target.totalBytes()));
    }

    @Override
    public synchronized void write(long offset, IoVector source) {
        int at = checkWrite(offset, source.totalBytes());
        source.copyTo(0, ByteBuffer.wrap(contents, at, (int) source.totalBytes()));
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) {
        if (atOnce) {
            read(offset, target);
        }
        return atOnce;
    }

    @Override
    public boolean writeAtOnce(long offset, IoVector source) {
        if (atOnce) {
            write(offset, source);
        }
        return atOnce;
    }

    @Override
    public void flush() {}

    @Override
    public void discard(long offset, long length) {
        checkWrite(offset, length);
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean mayUnmap) {
        int at = checkWrite(offset, length);
        Arrays.fill(contents, at, at + (int) length, (byte) 0);
    }

    @Override
    public void resize(long sizeBytes) {
        throw new AssertionError("no client resizes it");
    }

    @Override
    public synchronized Extent extent(long offset, long length) {
        int at = check(offset, length);
        boolean zero = contents[at] == 0;
        int end = at;
        while (end < at + length && (contents[end] == 0) == zero) {
            end += BLOCK;
        }
        return new Extent(offset, end - at, zero ? Extent.Kind.UNALLOCATED : Extent.Kind.DATA, 0, zero ? -1 : offset);
    }

    @Override
    public long allocatedBytes() {
        return -1;
    }

    @Override
    public void close() {}
}
