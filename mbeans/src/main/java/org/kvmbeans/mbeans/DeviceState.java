package org.kvmbeans.mbeans;

/** How far a virtio device has come with the guest that it belongs to. */
public enum DeviceState {
    /** The VM is off: the device is defined, and no guest sees it. */
    DETACHED,
    /** The guest sees the device, and no driver uses it yet. */
    INACTIVE,
    /** A driver has set the device up; its queues are served. */
    ACTIVE,
    /** The driver broke a rule of its queues: the device serves nothing more until the guest resets it. */
    NEEDS_RESET,
    /** The guest has been asked to give the device back, and has not yet. */
    REMOVING
}
