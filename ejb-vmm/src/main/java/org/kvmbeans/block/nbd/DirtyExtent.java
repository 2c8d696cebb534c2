package org.kvmbeans.block.nbd;

/**
 * A stretch of an export that a dirty bitmap says one thing of.
 *
 * @param offset where it begins, bytes
 * @param bytes how long it is, above 0
 * @param dirty whether it was written since the bitmap began
 */
public record DirtyExtent(long offset, long bytes, boolean dirty) {}
