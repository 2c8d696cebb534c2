package org.kvmbeans.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;

/**
 * The bytes that an image format lies on: a file, a block device, an export of another host.
 *
 * <p>Offsets and lengths are bytes of any value. Requests come from many threads at once and block until they are done;
 * those that overlap are carried out in any order. A request that fails throws {@link DiskImageException} and may have been
 * carried out in part.
 */
public interface Storage extends AutoCloseable {
    /** What messages call it: its path, or its address. */
    String name();

    /** How it was opened. */
    OpenOptions options();

    /** Whether writing is refused. */
    default boolean readOnly() {
        return options().access() == Access.READ_ONLY;
    }

    /** Where it ends, bytes. */
    long sizeBytes();

    /** Sizes that fit it. */
    DiskGeometry geometry() throws IOException;

    /** Fills {@code target} from {@code offset} on; bytes beyond the end read as zeros. */
    void read(long offset, IoVector target) throws IOException;

    /** Writes all of {@code source} from {@code offset} on; beyond the end it grows, where it can. */
    void write(long offset, IoVector source) throws IOException;

    /** Reads without waiting, if that is possible; as {@link DiskImage#readAtOnce}. */
    default boolean readAtOnce(long offset, IoVector target) throws IOException {
        return false;
    }

    /** Writes without waiting, if that can be expected; as {@link DiskImage#writeAtOnce}. */
    default boolean writeAtOnce(long offset, IoVector source) throws IOException {
        return false;
    }

    /** Opens a way to read and write while the caller goes on; as {@link DiskImage#openAsync}. */
    default <T> @Nullable AsyncRequests<T> openAsync(EventFd signal) {
        return null;
    }

    /** Makes every write that was done before durable. */
    void flush() throws IOException;

    /** Gives a stretch back, where it can: afterwards it reads as before or as zeros. */
    void discard(long offset, long length) throws IOException;

    /**
     * Makes a stretch read as zeros.
     *
     * @param mayUnmap whether its room may be given back
     */
    void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

    /** Changes the size; what is cut off is lost, what is added reads as zeros. */
    void resize(long newBytes) throws IOException;

    /** Bytes that are allocated; -1 where it cannot tell. */
    long allocatedBytes();

    /**
     * The stretch from {@code offset} on whose bytes are of one kind.
     *
     * @param length the most bytes that it may have, above 0
     * @return {@link Extent.Kind#DATA} or {@link Extent.Kind#ZERO}; data where it cannot tell
     */
    Extent extent(long offset, long length) throws IOException;

    /**
     * Says that it will not be written any more: it is made durable, and others may open it to read from now on. Comes when
     * no request is in progress.
     */
    default void stopWriting() throws IOException {
        flush();
    }

    /** Closes and unlocks it; durable only what was flushed. Idempotent. */
    @Override
    void close() throws IOException;
}
