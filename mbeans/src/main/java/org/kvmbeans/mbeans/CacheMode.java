package org.kvmbeans.mbeans;

/** How a disk uses the host's page cache, and when a write counts as done; the words mean what they mean in QEMU. */
public enum CacheMode {
    /** Not through the page cache; a write is durable after a flush. */
    NONE,
    /** Not through the page cache; a write is durable when it is done. */
    DIRECTSYNC,
    /** Through the page cache; a write is durable after a flush. */
    WRITEBACK,
    /** Through the page cache; a write is durable when it is done. */
    WRITETHROUGH,
    /** Through the page cache; flushes are ignored, so that a crash of the host loses data. */
    UNSAFE
}
