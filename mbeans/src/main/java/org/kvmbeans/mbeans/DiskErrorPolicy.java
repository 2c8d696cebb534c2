package org.kvmbeans.mbeans;

/** What happens when the host cannot carry out a request of a disk. */
public enum DiskErrorPolicy {
    /** The guest is told of the error. */
    REPORT,
    /** The VM is paused and the request kept: once the cause is mended, resuming the VM tries it again. */
    STOP,
    /** The guest is told that all went well. */
    IGNORE
}
