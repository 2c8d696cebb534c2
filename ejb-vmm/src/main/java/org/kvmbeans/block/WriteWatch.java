package org.kvmbeans.block;

/**
 * Sees what is written to a disk in use: an operation that copies the disk meanwhile. Called by the threads that write, many
 * at once; what it throws would be the writer's, so it throws nothing.
 */
public interface WriteWatch {
    /**
     * A stretch is about to change, by a write, by zeros or by a discard; it changes when this returns. Called only where
     * {@link #delaysWrites} says so.
     */
    default void beforeChange(long offset, long length) {}

    /** A stretch has changed, wholly, in part or not at all: its writer does not know of it yet. */
    void afterChange(long offset, long length);

    /** Whether {@link #beforeChange} is to be called and may wait for storage; constant. */
    default boolean delaysWrites() {
        return false;
    }
}
