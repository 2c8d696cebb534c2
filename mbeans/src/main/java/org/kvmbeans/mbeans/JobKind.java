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
    STREAM,
    /** Takes an internal snapshot. */
    SNAPSHOT_CREATE,
    /** Has the disk be what it was when an internal snapshot was taken. */
    SNAPSHOT_APPLY,
    /** Deletes an internal snapshot. */
    SNAPSHOT_DELETE,
    /** Puts a new image over the one of a disk in use. */
    SNAPSHOT,
    /** Copies a disk in use and keeps the copy equal, until the disk goes on with it. */
    MIRROR,
    /** Copies a disk in use as it is at a moment. */
    BACKUP,
    /** Lets another passphrase open an encrypted image. */
    KEY_ADD,
    /** Puts another passphrase in the place of one. */
    KEY_CHANGE,
    /** Removes a passphrase. */
    KEY_REMOVE,
    /** Offers a disk over NBD, until it is cancelled. */
    EXPORT
}
