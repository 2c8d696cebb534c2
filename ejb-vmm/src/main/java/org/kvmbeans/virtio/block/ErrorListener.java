package org.kvmbeans.virtio.block;

/** Hears of requests that the storage could not carry out. */
@FunctionalInterface
public interface ErrorListener {
    /**
     * A request failed. Called on a queue's thread, which serves nothing meanwhile: what takes long, or
     * calls the device, is for another thread.
     */
    void requestFailed(BlockFailure failure);
}
