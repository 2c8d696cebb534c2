package org.kvmbeans.block.qcow2;

/**
 * A stretch of the disk that a bitmap knows one thing of.
 *
 * @param offset where it begins, bytes
 * @param bytes how long it is
 * @param dirty whether it may have been written since the bitmap was made or cleared
 */
public record DirtyStretch(long offset, long bytes, boolean dirty) {}
