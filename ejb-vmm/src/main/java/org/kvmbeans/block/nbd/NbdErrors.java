package org.kvmbeans.block.nbd;

import java.io.IOException;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

/** Error numbers of replies ("Error values") and what they mean to the user of an image. */
final class NbdErrors {
    static final int NONE = 0;
    static final int EPERM = 1;
    static final int EIO = 5;
    static final int ENOMEM = 12;
    static final int EINVAL = 22;
    static final int ENOSPC = 28;
    static final int EOVERFLOW = 75;
    static final int ENOTSUP = 95;
    static final int ESHUTDOWN = 108;

    private NbdErrors() {}

    static Kind kind(int error) {
        return switch (error) {
            case EPERM -> Kind.READ_ONLY;
            case ENOSPC -> Kind.NO_SPACE;
            case ENOTSUP -> Kind.UNSUPPORTED;
            default -> Kind.IO_ERROR;
        };
    }

    /** The error that tells a client of a failure. */
    static int of(IOException failure) {
        if (failure instanceof DiskImageException image) {
            return switch (image.kind()) {
                case READ_ONLY, DENIED -> EPERM;
                case NO_SPACE -> ENOSPC;
                case UNSUPPORTED -> ENOTSUP;
                default -> EIO;
            };
        }
        return EIO;
    }

    static String name(int error) {
        return switch (error) {
            case EPERM -> "EPERM";
            case EIO -> "EIO";
            case ENOMEM -> "ENOMEM";
            case EINVAL -> "EINVAL";
            case ENOSPC -> "ENOSPC";
            case EOVERFLOW -> "EOVERFLOW";
            case ENOTSUP -> "ENOTSUP";
            case ESHUTDOWN -> "ESHUTDOWN";
            default -> "error " + Integer.toUnsignedString(error);
        };
    }
}
