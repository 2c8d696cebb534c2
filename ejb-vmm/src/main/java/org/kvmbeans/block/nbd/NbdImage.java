package org.kvmbeans.block.nbd;

import org.kvmbeans.block.Access;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Extent;
import org.kvmbeans.sys.IoVector;

/** A raw image on an export: byte n of the disk is byte n of the export. */
public final class NbdImage implements DiskImage {
    private final NbdStorage storage;
    private final DiskGeometry geometry;

    /** @param storage this object's from now on: closed with it */
    public NbdImage(NbdStorage storage) {
        this.storage = storage;
        geometry = storage.geometry();
    }

    /** What it lies on. */
    public NbdStorage storage() {
        return storage;
    }

    /** Bytes of the export, without a rest that is no whole block: beyond its end nothing can be written. */
    @Override
    public long sizeBytes() {
        return storage.sizeBytes() & -geometry.blockBytes();
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return storage.options().access() == Access.READ_ONLY;
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        check(offset, target.totalBytes());
        storage.read(offset, target);
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        check(offset, source.totalBytes());
        storage.write(offset, source);
    }

    @Override
    public void flush() throws DiskImageException {
        storage.flush();
    }

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        check(offset, length);
        storage.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        check(offset, length);
        storage.writeZeroes(offset, length, mayUnmap);
    }

    @Override
    public void resize(long sizeBytes) throws DiskImageException {
        storage.resize(sizeBytes);
    }

    @Override
    public Extent extent(long offset, long length) throws DiskImageException {
        check(offset, length);
        return storage.extent(offset, length);
    }

    @Override
    public long allocatedBytes() {
        return storage.allocatedBytes();
    }

    @Override
    public void close() {
        storage.close();
    }

    private void check(long offset, long length) {
        long size = sizeBytes();
        boolean within = offset >= 0 && length >= 0 && offset <= size - length;
        if (!within || ((offset | length) & (geometry.blockBytes() - 1)) != 0) {
            throw new IllegalArgumentException(storage.name() + ": " + length + " bytes at " + offset
                    + "; both must be multiples of " + geometry.blockBytes() + " within " + size);
        }
    }
}
