package org.kvmbeans.machine.device;

/** The kinds of devices. */
public enum DeviceKind {
    DISK,
    NIC,
    CONSOLE,
    BALLOON,
    RNG,
    VSOCK
}
