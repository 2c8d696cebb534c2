package org.kvmbeans.mbeans;

/** What a virtio device is. */
public enum DeviceKind {
    /** A disk: {@link DiskMXBean}. */
    DISK,
    /** A network interface: {@link NicMXBean}. */
    NIC,
    /** The virtio console with all its ports: {@link ConsoleMXBean}. */
    CONSOLE,
    /** The memory balloon: {@link BalloonMXBean}. */
    BALLOON,
    /** The source of random bytes: {@link RngMXBean}. */
    RNG,
    /** The socket device: {@link VsockMXBean}. */
    VSOCK
}
