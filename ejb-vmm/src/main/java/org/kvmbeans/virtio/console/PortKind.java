package org.kvmbeans.virtio.console;

/** What the guest makes of a port. */
public enum PortKind {
    /** A terminal: {@code /dev/hvc0} and on in Linux. */
    CONSOLE,
    /** A channel for a program: {@code /dev/virtio-ports/NAME} in Linux. Takes input only while the program has it open. */
    CHANNEL
}
