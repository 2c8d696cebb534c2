package org.kvmbeans.virtio.block;

/** What a request that the storage fails leads to. */
public enum ErrorPolicy {
    /** The guest is told. */
    REPORT,
    /** The machine is paused and the request kept, to be tried again when it is resumed. */
    STOP,
    /** The guest is told that all is well: for data that may be lost. */
    IGNORE
}
