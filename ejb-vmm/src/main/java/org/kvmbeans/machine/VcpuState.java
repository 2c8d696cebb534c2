package org.kvmbeans.machine;

/** What a vCPU's thread does. */
public enum VcpuState {
    /** There is none. */
    STOPPED,
    /** It is in the guest, halted in the kernel, or handles an exit. */
    RUNNING,
    /** It waits outside the guest. */
    PAUSED
}
