package org.kvmbeans.block.raw;

import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * A raw image: byte n of the disk is byte n of a regular file or block device.
 *
 * <p>A file whose size is no multiple of the block ends in the midst of the last block, the rest of which reads as zeros
 * and is added when it is written.
 */
public final class RawImage implements DiskImage {
    private final HostFile file;
    private final DiskGeometry geometry;

    private RawImage(HostFile file) throws DiskImageException {
        this.file = file;
        this.geometry = file.geometry();
    }

    /**
     * Opens an image and locks it.
     *
     * @throws DiskImageException as {@link HostFile#open}
     */
    public static RawImage open(Posix posix, String path, OpenOptions options) throws DiskImageException {
        HostFile file = HostFile.open(posix, path, options);
        try {
            return new RawImage(file);
        } catch (DiskImageException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public long sizeBytes() {
        long block = geometry.blockBytes();
        return (file.sizeBytes() + block - 1) / block * block;
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return file.readOnly();
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        check(offset, target.totalBytes());
        file.read(offset, target);
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        check(offset, source.totalBytes());
        file.write(offset, source);
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) throws DiskImageException {
        check(offset, target.totalBytes());
        return file.readAtOnce(offset, target);
    }

    @Override
    public boolean writeAtOnce(long offset, IoVector source) throws DiskImageException {
        check(offset, source.totalBytes());
        return file.writeAtOnce(offset, source);
    }

    @Override
    public <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        return file.openAsync(signal);
    }

    @Override
    public void flush() throws DiskImageException {
        file.flush();
    }

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        check(offset, length);
        file.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        check(offset, length);
        file.writeZeroes(offset, length, mayUnmap);
    }

    @Override
    public void resize(long sizeBytes) throws DiskImageException {
        if (sizeBytes <= 0 || sizeBytes % geometry.blockBytes() != 0) {
            throw new IllegalArgumentException(file.name() + ": a size of " + sizeBytes
                    + " bytes; it must be above 0 and a multiple of " + geometry.blockBytes());
        }
        file.resize(sizeBytes);
    }

    @Override
    public Extent extent(long offset, long length) throws DiskImageException {
        check(offset, length);
        return file.extent(offset, length);
    }

    @Override
    public void stopWriting() throws DiskImageException {
        file.stopWriting();
    }

    @Override
    public long allocatedBytes() {
        return file.allocatedBytes();
    }

    @Override
    public void close() {
        file.close();
    }

    private void check(long offset, long length) {
        long size = sizeBytes();
        boolean within = offset >= 0 && length >= 0 && offset <= size - length;
        if (!within || ((offset | length) & (geometry.blockBytes() - 1)) != 0) {
            throw new IllegalArgumentException(file.name() + ": " + length + " bytes at " + offset
                    + "; both must be multiples of " + geometry.blockBytes() + " within " + size);
        }
    }
}
