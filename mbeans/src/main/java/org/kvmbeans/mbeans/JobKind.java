package org.kvmbeans.mbeans;

/** What a job does. */
public enum JobKind {
    /** Makes a new image. */
    CREATE,
    /** Takes an image from a client. */
    UPLOAD
}
