package org.kvmbeans.block.task;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImage;
import org.kvmbeans.sys.IoVector;

/** Makes image files of one format with the options that it was given: what an operation fills is made by one. */
public interface ImageMaker {
    /**
     * Makes a file with an image whose disk reads as zeros, or as its backing file.
     *
     * @param path there is no such file yet; when this fails, there may be a part of one
     * @param sizeBytes of the disk
     */
    void make(Path path, long sizeBytes) throws IOException;

    /** Opens an image that was made so, to read and write it. */
    DiskImage open(Path path) throws IOException;

    /** What the format allocates at a time, so that zeros are looked for in multiples of it; a power of two, bytes. */
    int unitBytes();

    /** Whether a new image without a backing file reads as zeros; where not, zeros have to be written. */
    default boolean readsZeros() {
        return true;
    }

    /**
     * What the new image shows before anything is written to it: its backing file; null for zeros. The caller's.
     *
     * @param path of the new image, which the reference to the backing file is relative to
     */
    default @Nullable DiskImage openBacking(Path path) throws IOException {
        return null;
    }

    /**
     * Writes whole units in the way that the options ask for: compressed, for instance. Any thread.
     *
     * @param image as {@link #open} gave it
     */
    default void write(DiskImage image, long offset, IoVector source) throws IOException {
        image.write(offset, source);
    }
}
