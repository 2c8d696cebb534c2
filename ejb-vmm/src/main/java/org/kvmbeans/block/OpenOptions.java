package org.kvmbeans.block;

/**
 * How an image is opened.
 *
 * @param access what for
 * @param cache how the host's page cache is used
 */
public record OpenOptions(Access access, CacheMode cache) {}
