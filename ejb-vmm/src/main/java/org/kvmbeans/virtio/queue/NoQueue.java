package org.kvmbeans.virtio.queue;

import org.jspecify.annotations.Nullable;

/** A queue without a ring: what is served where the ring could not be opened. */
enum NoQueue implements VirtQueue {
    INSTANCE;

    @Override
    public int size() {
        return 0;
    }

    @Override
    public @Nullable DescriptorChain pop() {
        return null;
    }

    @Override
    public void undoPop(DescriptorChain chain) {
        throw new IllegalStateException("there is no ring");
    }

    @Override
    public void push(DescriptorChain chain, long writtenBytes) {
        throw new IllegalStateException("there is no ring");
    }

    @Override
    public boolean publish() {
        return false;
    }

    @Override
    public void disableNotifications() {}

    @Override
    public boolean enableNotifications() {
        return false;
    }
}
