package org.kvmbeans.virtio.queue;

/** A ring in which the driver broke the rules; the message says which one. The device can go on only after a reset. */
public class VirtQueueException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public VirtQueueException(String what) {
        super(what);
    }

    public VirtQueueException(String what, Throwable cause) {
        super(what, cause);
    }
}
