package org.kvmbeans.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An image that may lie over another one, its backing file, from which it shows whatever it has not got itself.
 *
 * <p>The methods of this interface may be called while others read and write the disk.
 */
public interface LayeredImage extends DiskImage {
    /** The image below; null where there is none. It is this image's: closed with it, and to be read alone. */
    @Nullable
    DiskImage backing();

    /** How the image names its backing file, or null. */
    @Nullable
    BackingReference backingReference();

    /**
     * The stretch from {@code offset} on that this image has itself, or has not: {@link Extent.Kind#UNALLOCATED} where the
     * backing file decides, with {@link Extent#depth} 0.
     *
     * @param length the most bytes that it may have, above 0
     */
    Extent ownExtent(long offset, long length) throws IOException;

    /**
     * Copies to this image what its backing file shows in a stretch and it has not got itself, so that it no longer asks the
     * backing file there. A write that comes at the same time is not lost.
     */
    void populate(long offset, long length) throws IOException;

    /**
     * Puts another backing file, or none, in the place of the present one, which is closed. The contents of the disk change
     * by whatever the two differ in where this image has nothing itself.
     *
     * @param reference what the image is to name, or null for none
     * @param backing the image that it names, opened to read; null exactly where {@code reference} is
     */
    void changeBacking(@Nullable BackingReference reference, @Nullable DiskImage backing) throws IOException;

    /**
     * Puts another opening of the same backing file in the place of the present one, which becomes the caller's: to write
     * to it, for instance, or to keep it when this image is closed. Nothing is written, and the contents stay. The caller
     * has seen to it that no request is in progress; without a backing file none may come but {@link #close} and this one.
     *
     * @return the present one, which is not closed; null where there is none
     */
    @Nullable
    DiskImage exchangeBacking(@Nullable DiskImage sameContents);
}
