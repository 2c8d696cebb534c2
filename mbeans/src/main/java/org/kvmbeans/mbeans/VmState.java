package org.kvmbeans.mbeans;

/** The life of a virtual machine. */
public enum VmState {
    /** Defined, holds no resources. */
    STOPPED,
    /** Memory, vCPUs and devices are being made. */
    STARTING,
    /** The guest runs. */
    RUNNING,
    /** Every vCPU is out of the guest and stays out. */
    PAUSED,
    /** Resources are being given back. */
    STOPPING,
    /** Ended by a fault of the guest or of the VMM; {@code LastError} says which. */
    CRASHED
}
