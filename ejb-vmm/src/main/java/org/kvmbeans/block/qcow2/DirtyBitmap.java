package org.kvmbeans.block.qcow2;

/**
 * A persistent dirty bitmap.
 *
 * @param name unique in the image
 * @param granularityBytes of disk that a bit stands for
 * @param enabled whether it follows what is written
 * @param usable false where it was not stored, or is of a kind that is unknown here: it can only be removed
 * @param dirtyBytes of disk that are dirty; -1 where it is not usable
 */
public record DirtyBitmap(String name, long granularityBytes, boolean enabled, boolean usable, long dirtyBytes) {}
