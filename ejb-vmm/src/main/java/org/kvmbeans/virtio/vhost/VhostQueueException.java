package org.kvmbeans.virtio.vhost;

/** A ring that the driver put where the kernel cannot serve it. */
public class VhostQueueException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public VhostQueueException(String what) {
        super(what);
    }
}
