package org.kvmbeans.virtio.vsock;

/** Vsock that the host cannot give; the message says what to do. */
public class VsockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public VsockException(String what, Throwable cause) {
        super(what, cause);
    }
}
