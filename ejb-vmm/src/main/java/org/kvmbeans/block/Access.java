package org.kvmbeans.block;

/** What an image is opened for. */
public enum Access {
    /** Reading alone: others may read it at the same time, and nobody may write. */
    READ_ONLY,
    /** Reading and writing: nobody else may use it. */
    READ_WRITE
}
