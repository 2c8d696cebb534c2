package org.kvmbeans.block.qcow2;

/**
 * Where an image has its LUKS header (specification, "Full disk encryption header pointer").
 *
 * @param offset a cluster boundary
 * @param bytes how long it is; the clusters that it takes are its own
 */
public record EncryptionHeader(long offset, long bytes) {}
