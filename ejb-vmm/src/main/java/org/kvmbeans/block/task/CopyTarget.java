package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import org.kvmbeans.block.DiskImage;

/**
 * What a disk in use is copied to: a new file, or an image that is open already, an export of another host for instance.
 * Closing it takes back what is not finished, where that can be taken back.
 */
public interface CopyTarget extends AutoCloseable {
    /** The open image. */
    DiskImage image();

    /** What its format allocates at a time; a power of two, bytes. */
    int unitBytes();

    /** Whether it reads as zeros where nothing was copied to it yet. */
    boolean readsZeros();

    /** The copy is whole: makes it durable and known as such. */
    void finish() throws IOException;

    /** Gives the finished copy to the disk that goes on with it. */
    DiskImage handOver() throws IOException;

    @Override
    void close() throws IOException;

    /** Opens a copy for the disk that goes on with it. */
    @FunctionalInterface
    interface Reopening {
        /** Opens it, to read and write. */
        DiskImage open(Path path) throws IOException;
    }

    /**
     * A new file, which has its name only when the copy is whole.
     *
     * @param reopening opens it then
     */
    static CopyTarget file(ImageMaker maker, Path path, long sizeBytes, NewImage.Existing existing, Reopening reopening)
            throws IOException {
        NewImage made = NewImage.make(maker, path, sizeBytes, existing);
        return new CopyTarget() {
            @Override
            public DiskImage image() {
                return made.image();
            }

            @Override
            public int unitBytes() {
                return maker.unitBytes();
            }

            @Override
            public boolean readsZeros() {
                return maker.readsZeros();
            }

            @Override
            public void finish() throws IOException {
                made.finish();
            }

            @Override
            public DiskImage handOver() throws IOException {
                return reopening.open(path);
            }

            @Override
            public void close() throws IOException {
                made.close();
            }
        };
    }

    /**
     * An image that is open already and may hold anything, or an earlier copy; it stays as it is where the operation fails.
     *
     * @param image this object's from now on: closed with it, unless it was handed over
     */
    static CopyTarget open(DiskImage image, int unitBytes) {
        return new CopyTarget() {
            private boolean handedOver;

            @Override
            public DiskImage image() {
                return image;
            }

            @Override
            public int unitBytes() {
                return unitBytes;
            }

            @Override
            public boolean readsZeros() {
                return false;
            }

            @Override
            public void finish() throws IOException {
                image.flush();
            }

            @Override
            public DiskImage handOver() {
                handedOver = true;
                return image;
            }

            @Override
            public void close() throws IOException {
                if (!handedOver) {
                    image.close();
                }
            }
        };
    }
}
