package org.kvmbeans.mbeans;

/** What happens when the host cannot carry out a request of a disk. */
public enum DiskErrorPolicy {
    /** The guest is told of the error. */
    REPORT,
    /** The VM is paused, so that an operator can mend the cause; the guest is told of the error. */
    STOP,
    /** The guest is told that all went well. */
    IGNORE
}
