package org.kvmbeans.block;

import org.kvmbeans.sys.IoVector;

/**
 * Reads and writes of an image that are carried out while their caller goes on. Used by one thread at a time.
 *
 * @param <T> what the caller knows a request by
 */
public interface AsyncRequests<T> extends AutoCloseable {
    /** What hears of requests. */
    @FunctionalInterface
    interface Listener<T> {
        /**
         * A request has ended.
         *
         * @param done false where it was not carried out, or only in part: {@link DiskImage#read} or
         *     {@link DiskImage#write} is to be asked, which may wait, and says what is wrong where something is
         */
        void ended(T request, boolean done);
    }

    /**
     * Takes a read; {@link #submit} hands it to the storage. The target is not to be changed until it has ended.
     *
     * @return false where this read is not one that can be taken now
     */
    boolean read(long offset, IoVector target, T request);

    /** Takes a write; as {@link #read}. It is durable after the next {@link DiskImage#flush}. */
    boolean write(long offset, IoVector source, T request);

    /** Hands what was taken to the storage. */
    void submit();

    /** Tells of the requests that have ended. */
    void reap(Listener<T> listener);

    /** Waits until nothing is in progress, and forgets it. Idempotent. */
    @Override
    void close();
}
