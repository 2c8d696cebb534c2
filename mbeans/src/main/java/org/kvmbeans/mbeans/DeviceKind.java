package org.kvmbeans.mbeans;

/** What a virtio device is; the type of its MBean has the same name in another case. */
public enum DeviceKind {
    /** A disk: {@link DiskMXBean}. */
    DISK,
    /** A network interface: {@link NicMXBean}. */
    NIC,
    /** A port of the virtio console: {@link ConsolePortMXBean}. */
    CONSOLE_PORT,
    /** The memory balloon: {@link BalloonMXBean}. */
    BALLOON,
    /** The source of random bytes: {@link RngMXBean}. */
    RNG,
    /** The socket device: {@link VsockMXBean}. */
    VSOCK
}
