package org.kvmbeans.block.qcow2;

/**
 * Where an image has its LUKS header (specification, "Full disk encryption header pointer").
 *
 * @param offset a cluster boundary
 * @param bytes how long it is; the clusters that it takes are its own
 */
public record EncryptionHeader(long offset, long bytes) {
    /** The most bytes that are believed: many times what all key slots take with the longest keys. */
    public static final int MAX_BYTES = 64 << 20;
}
