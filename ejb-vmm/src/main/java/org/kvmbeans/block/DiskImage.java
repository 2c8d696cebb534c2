package org.kvmbeans.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;

/**
 * The contents of a disk.
 *
 * <p>Requests come from many threads at once and block until they are done; those that overlap are carried out in any
 * order. Offsets and lengths are bytes, multiples of {@link DiskGeometry#blockBytes}, within {@link #sizeBytes}: whoever
 * calls has checked that, and an implementation refuses what is not so with {@link IllegalArgumentException}. A request
 * that fails throws {@link DiskImageException} and may have been carried out in part.
 */
public interface DiskImage extends AutoCloseable {
    /** Bytes of the disk as its reader sees it. */
    long sizeBytes();

    /** Sizes that fit the storage below; constant. */
    DiskGeometry geometry();

    /** Whether writing is refused. */
    boolean readOnly();

    /** Fills {@code target} from {@code offset} on. */
    void read(long offset, IoVector target) throws IOException;

    /** Writes all of {@code source} from {@code offset} on; durable after the next {@link #flush}. */
    void write(long offset, IoVector source) throws IOException;

    /**
     * Reads without waiting for the storage, if that is possible: from the host's page cache, for instance.
     *
     * @return false where the read may have to wait; the target may then be filled in part, and {@link #read} does it all
     */
    default boolean readAtOnce(long offset, IoVector target) throws IOException {
        return false;
    }

    /**
     * Writes without waiting for the storage, if that can be expected: into the host's page cache, for instance.
     *
     * @return false where the write may have to wait; nothing was then written
     */
    default boolean writeAtOnce(long offset, IoVector source) throws IOException {
        return false;
    }

    /**
     * Opens a way to read and write while the caller goes on.
     *
     * @param signal is signalled when requests have ended; stays the caller's, open until what is returned is closed
     * @return null where there is none; closed before the image is
     */
    default <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        return null;
    }

    /** Makes every write that was done before durable. */
    void flush() throws IOException;

    /** Says that the contents no longer matter: afterwards they read as before or as zeros. */
    void discard(long offset, long length) throws IOException;

    /**
     * Makes the contents read as zeros.
     *
     * @param mayUnmap whether the storage may be given back
     */
    void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

    /** Changes the size; what is cut off is lost, what is added reads as zeros. */
    void resize(long sizeBytes) throws IOException;

    /**
     * The stretch from {@code offset} on whose bytes come from one place.
     *
     * @param length the most bytes that it may have, above 0, within the disk
     */
    default Extent extent(long offset, long length) throws IOException {
        return new Extent(offset, length, Extent.Kind.DATA, 0, -1);
    }

    /** Bytes that the host's storage has allocated; -1 where it cannot tell. */
    long allocatedBytes();

    /**
     * Says that it will not be written any more: it is made durable, and others may open it to read from now on. Comes when
     * no request is in progress.
     */
    default void stopWriting() throws IOException {
        flush();
    }

    /** Gives the storage back; durable only what was flushed. Idempotent. */
    @Override
    void close() throws IOException;
}
