package org.kvmbeans.machine;

/** The life of a virtual machine; {@link VirtualMachine} says which operation fits which state. */
public enum VmState {
    STOPPED,
    STARTING,
    RUNNING,
    PAUSED,
    STOPPING,
    CRASHED
}
