package org.kvmbeans.block;

/** What a file or device holds, as its definition says: never guessed from the content. */
public enum DiskFormat {
    /** The disk's bytes as they are. */
    RAW
}
