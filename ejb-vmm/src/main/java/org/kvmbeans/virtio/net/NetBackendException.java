package org.kvmbeans.virtio.net;

/** A NIC that cannot be connected to the host; the message says to what, why not, and what would help. */
public class NetBackendException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NetBackendException(String what) {
        super(what);
    }

    public NetBackendException(String what, Throwable cause) {
        super(what, cause);
    }
}
