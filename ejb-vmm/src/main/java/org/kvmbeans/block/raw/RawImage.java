package org.kvmbeans.block.raw;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.AsyncRequests;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.block.file.HostFile;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.Posix;

/**
 * A raw image: byte n of the disk is byte n of a regular file, a block device or an export of another host.
 *
 * <p>A file whose size is no multiple of the block ends in the midst of the last block, the rest of which reads as zeros
 * and is added when it is written. An export has no more than it has: there the disk ends with the last whole block.
 */
public final class RawImage implements DiskImage {
    private final Storage storage;
    private final DiskGeometry geometry;
    private final boolean completesLastBlock;

    private RawImage(Storage storage, boolean completesLastBlock) throws IOException {
        this.storage = storage;
        this.geometry = storage.geometry();
        this.completesLastBlock = completesLastBlock;
    }

    /**
     * Opens an image and locks it.
     *
     * @throws DiskImageException as {@link HostFile#open}
     */
    public static RawImage open(Posix posix, String path, OpenOptions options) throws IOException {
        return over(HostFile.open(posix, path, options), true);
    }

    /**
     * The image that an export is.
     *
     * @param export the image's from now on: closed with it, and where this fails
     */
    public static RawImage ofExport(Storage export) throws IOException {
        return over(export, false);
    }

    private static RawImage over(Storage storage, boolean completesLastBlock) throws IOException {
        try {
            return new RawImage(storage, completesLastBlock);
        } catch (IOException | RuntimeException e) {
            storage.close();
            throw e;
        }
    }

    @Override
    public long sizeBytes() {
        long block = geometry.blockBytes();
        return (storage.sizeBytes() + (completesLastBlock ? block - 1 : 0)) & -block;
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return storage.readOnly();
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        check(offset, target.totalBytes());
        storage.read(offset, target);
    }

    @Override
    public void write(long offset, IoVector source) throws IOException {
        check(offset, source.totalBytes());
        storage.write(offset, source);
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) throws IOException {
        check(offset, target.totalBytes());
        return storage.readAtOnce(offset, target);
    }

    @Override
    public boolean writeAtOnce(long offset, IoVector source) throws IOException {
        check(offset, source.totalBytes());
        return storage.writeAtOnce(offset, source);
    }

    @Override
    public <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        return storage.openAsync(signal);
    }

    @Override
    public void flush() throws IOException {
        storage.flush();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        check(offset, length);
        storage.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        check(offset, length);
        storage.writeZeroes(offset, length, mayUnmap);
    }

    @Override
    public void resize(long sizeBytes) throws IOException {
        if (sizeBytes <= 0 || sizeBytes % geometry.blockBytes() != 0) {
            throw new IllegalArgumentException(storage.name() + ": a size of " + sizeBytes
                    + " bytes; it must be above 0 and a multiple of " + geometry.blockBytes());
        }
        storage.resize(sizeBytes);
    }

    @Override
    public Extent extent(long offset, long length) throws IOException {
        check(offset, length);
        return storage.extent(offset, length);
    }

    @Override
    public void stopWriting() throws IOException {
        storage.stopWriting();
    }

    @Override
    public long allocatedBytes() {
        return storage.allocatedBytes();
    }

    @Override
    public void close() throws IOException {
        storage.close();
    }

    private void check(long offset, long length) {
        geometry.requireBlocks(storage.name(), offset, length, sizeBytes());
    }
}
