package org.kvmbeans.block;

import java.io.IOException;

/** A disk image that cannot be opened, or a request to it that failed; the message names the image and what happened. */
public class DiskImageException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What kind of failure it is, for those who act on it. */
    public enum Kind {
        /** The storage failed: a read or write did not happen. */
        IO_ERROR,
        /** The storage has no room left. */
        NO_SPACE,
        /** It may not be written. */
        READ_ONLY,
        /** The image's own structures contradict each other. */
        CORRUPT,
        /** The image asks for something that is not offered. */
        UNSUPPORTED,
        /** Somebody else uses the image. */
        LOCKED,
        /** There is no such file or device. */
        NOT_FOUND,
        /** The host does not let this process open it. */
        DENIED
    }

    private final Kind kind;

    /** @param image the image's path or name */
    public DiskImageException(Kind kind, String image, String what) {
        super(image + ": " + what);
        this.kind = kind;
    }

    /** What kind of failure it is. */
    public Kind kind() {
        return kind;
    }
}
