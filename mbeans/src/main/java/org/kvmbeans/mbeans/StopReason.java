package org.kvmbeans.mbeans;

/** Why a virtual machine last left the states {@code RUNNING} and {@code PAUSED}. */
public enum StopReason {
    /** It has not stopped since it was defined or last started. */
    NONE,
    /** The guest wrote the ACPI S5 sleep state. */
    GUEST_POWER_OFF,
    /** The guest wrote the isa-debug-exit test device; {@code DebugExitStatus} has the value. */
    GUEST_DEBUG_EXIT,
    /** A vCPU shut down on a triple fault. */
    GUEST_TRIPLE_FAULT,
    /** An operator pulled the plug. */
    OPERATOR_POWER_OFF,
    /** The server went down. */
    HOST_SHUTDOWN,
    /** The start failed; nothing of it was left. */
    START_FAILED,
    /** KVM refused to go on with a vCPU, or the VMM failed; {@code LastError} says how. */
    VMM_ERROR
}
