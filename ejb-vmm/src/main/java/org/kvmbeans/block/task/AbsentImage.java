package org.kvmbeans.block.task;

import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.IoVector;

/** Holds the place of an image that is given later, of the same size. */
final class AbsentImage implements DiskImage {
    private final long sizeBytes;
    private final DiskGeometry geometry;

    AbsentImage(DiskImage like) {
        sizeBytes = like.sizeBytes();
        geometry = like.geometry();
    }

    private static DiskImageException absent() {
        return new DiskImageException(Kind.IO_ERROR, "backing file", "it was asked for before it was there");
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        throw absent();
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        throw absent();
    }

    @Override
    public void flush() {}

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        throw absent();
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        throw absent();
    }

    @Override
    public void resize(long newBytes) throws DiskImageException {
        throw absent();
    }

    @Override
    public long allocatedBytes() {
        return -1;
    }

    @Override
    public void close() {}
}
