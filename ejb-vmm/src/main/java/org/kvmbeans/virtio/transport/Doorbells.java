package org.kvmbeans.virtio.transport;

import org.kvmbeans.sys.EventFd;

/**
 * Writes of the guest that the kernel turns into signals of an eventfd, so that no vCPU leaves the guest for them. May be
 * used from any thread; never throws for want of a place in the kernel.
 */
public interface Doorbells {
    /** For machines whose kernel has none: every doorbell is written to the BAR, which signals the eventfd itself. */
    Doorbells NONE = new Doorbells() {
        @Override
        public boolean bind(long gpa, EventFd target) {
            return false;
        }

        @Override
        public void unbind(long gpa, EventFd target) {
            // Nothing is ever bound.
        }
    };

    /**
     * Signals {@code target} at each write to {@code gpa}, of any size and value.
     *
     * @return false where the kernel cannot; writes arrive at the device then
     */
    boolean bind(long gpa, EventFd target);

    /** Takes {@link #bind} back; does nothing where that failed. */
    void unbind(long gpa, EventFd target);
}
