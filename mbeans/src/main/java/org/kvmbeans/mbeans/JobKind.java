package org.kvmbeans.mbeans;

/** What a job does. */
public enum JobKind {
    /** Makes a new image. */
    CREATE,
    /** Takes an image from a client. */
    UPLOAD,
    /** Copies an image to a new one. */
    CONVERT,
    /** Looks whether the structures of an image agree with one another. */
    CHECK,
    /** Brings them to agree. */
    REPAIR,
    /** Changes the size of a disk. */
    RESIZE,
    /** Compares two disks. */
    COMPARE,
    /** Says what a copy would take. */
    MEASURE,
    /** Puts an image over another backing file. */
    REBASE,
    /** Moves an image's own contents down into its backing file. */
    COMMIT,
    /** Copies the contents of the images below up. */
    STREAM
}
