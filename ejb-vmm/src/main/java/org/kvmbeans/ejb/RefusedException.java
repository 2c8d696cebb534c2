package org.kvmbeans.ejb;

import jakarta.ejb.ApplicationException;

/**
 * What a service refuses or cannot do. The message is the MBean's own, made for the person who asked: it names the input
 * and what would be right.
 */
@ApplicationException
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** What kind of refusal it is; a client over HTTP answers with {@link #httpStatus()}. */
    public enum Kind {
        /** An argument is wrong. */
        INVALID(400),
        /** There is no such virtual machine, vCPU or port. */
        NOT_FOUND(404),
        /** The operation does not fit the state. */
        WRONG_STATE(409),
        /** It failed for a reason that is not the caller's. */
        FAILED(500);

        private final int httpStatus;

        Kind(int httpStatus) {
            this.httpStatus = httpStatus;
        }

        /** The HTTP status that says the same. */
        public int httpStatus() {
            return httpStatus;
        }
    }

    /** A refusal with the message for the caller. */
    public RefusedException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What kind of refusal it is. */
    public Kind kind() {
        return kind;
    }
}
