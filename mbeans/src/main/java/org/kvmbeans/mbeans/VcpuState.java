package org.kvmbeans.mbeans;

/** What a vCPU thread does. */
public enum VcpuState {
    /** No thread exists. */
    STOPPED,
    /** The thread is in the guest, halted in the kernel, or handles an exit. */
    RUNNING,
    /** The thread waits outside the guest. */
    PAUSED
}
