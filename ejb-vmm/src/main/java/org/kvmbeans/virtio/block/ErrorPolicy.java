package org.kvmbeans.virtio.block;

/** What becomes of a request that the storage could not carry out. */
public enum ErrorPolicy {
    /** The guest is told: VIRTIO_BLK_S_IOERR. */
    REPORT,
    /** It stays with the device, and the listener stops the VM; {@link VirtioBlock#retryFailed} carries it out again. */
    STOP,
    /** The guest is told that all went well. */
    IGNORE
}
