package org.kvmbeans.machine.device;

/** How far a device has come with its guest. */
public enum DeviceState {
    /** The machine is off. */
    DETACHED,
    /** The guest sees it, and no driver uses it. */
    INACTIVE,
    /** A driver has set it up. */
    ACTIVE,
    /** Its driver broke a rule: it serves nothing more until the guest resets it. */
    NEEDS_RESET,
    /** The guest was asked to give it back. */
    REMOVING
}
