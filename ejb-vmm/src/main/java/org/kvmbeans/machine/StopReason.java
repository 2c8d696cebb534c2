package org.kvmbeans.machine;

/** Why a virtual machine last stopped. */
public enum StopReason {
    NONE,
    GUEST_POWER_OFF,
    GUEST_DEBUG_EXIT,
    GUEST_TRIPLE_FAULT,
    OPERATOR_POWER_OFF,
    HOST_SHUTDOWN,
    START_FAILED,
    VMM_ERROR
}
