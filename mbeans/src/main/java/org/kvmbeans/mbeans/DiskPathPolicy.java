package org.kvmbeans.mbeans;

/** Where the images of disks may lie. */
public enum DiskPathPolicy {
    /** In pools: the path in a definition, and whatever the image leads to. */
    POOLS,
    /**
     * The path in a definition, which an administrator writes, may be any; what the image leads to, which whoever made it
     * wrote, must lie in a pool. The default.
     */
    DEFINITIONS,
    /** Anywhere, whatever an image may say. */
    ANYWHERE
}
