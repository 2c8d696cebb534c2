package org.kvmbeans.arch.x86.boot;

import org.jspecify.annotations.Nullable;

/** A kernel, initrd or command line that cannot be booted. The message names it and says what would be right. */
public final class BootException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong, for callers that treat cases apart. */
    public enum Kind {
        /** No such file. */
        MISSING,
        /** There is such a file, but it may not be read, or reading failed. */
        UNREADABLE,
        /** A directory, device, pipe or socket. */
        NOT_A_FILE,
        /** The file ends before something that its headers promise. */
        TRUNCATED,
        /** Headers contradict themselves or the format's specification. */
        CORRUPT,
        /** Well-formed maybe, but nothing that can be started here. */
        UNSUPPORTED,
        /** The guest's RAM has no room for it, or none at the place where it wants to be. */
        DOES_NOT_FIT,
        /** The command line is longer than the kernel takes, or cannot be passed on. */
        COMMAND_LINE
    }

    private final Kind kind;

    public BootException(Kind kind, String message) {
        this(kind, message, null);
    }

    public BootException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
