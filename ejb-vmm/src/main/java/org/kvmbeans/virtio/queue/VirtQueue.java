package org.kvmbeans.virtio.queue;

import org.jspecify.annotations.Nullable;

/**
 * One virtqueue from the device's side, split or packed: takes what the driver makes available, gives it back used.
 *
 * <p>Used by one thread at a time. Everything in the ring is the guest's and may be wrong: what cannot be served throws
 * {@link VirtQueueException}, whereupon the device asks for a reset. A queue never reads or writes outside RAM.
 */
public interface VirtQueue {
    /** How many entries it has. */
    int size();

    /**
     * Takes the next chain of descriptors.
     *
     * @return a chain that is this queue's own and stays valid until {@link #push}; null when none is available
     * @throws VirtQueueException where the driver broke the rules
     */
    @Nullable
    DescriptorChain pop();

    /**
     * Gives the chain taken last back to the driver's side of the ring as if it had never been taken. Several are undone
     * from the last one backwards.
     *
     * @throws IllegalStateException for any but the last one
     */
    void undoPop(DescriptorChain chain);

    /**
     * Gives a chain back to the driver; it sees it at the next {@link #publish}.
     *
     * @param writtenBytes bytes written to the chain's writable part, counted from its start
     * @throws IllegalStateException for a chain that is not out
     * @throws IllegalArgumentException where there is no room for as many bytes
     */
    void push(DescriptorChain chain, long writtenBytes);

    /**
     * Shows the driver what was pushed.
     *
     * @return whether it wants to be interrupted
     */
    boolean publish();

    /** Asks the driver not to notify: chains are looked for anyway. */
    void disableNotifications();

    /**
     * Asks the driver to notify.
     *
     * @return whether chains became available meanwhile, which it has not notified of: look again
     */
    boolean enableNotifications();
}
