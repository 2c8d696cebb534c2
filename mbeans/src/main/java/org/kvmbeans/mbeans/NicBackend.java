package org.kvmbeans.mbeans;

/** What carries the packets of a network interface on the host. */
public enum NicBackend {
    /** A TAP interface, served by the kernel's vhost-net. */
    VHOST,
    /** A TAP interface, served by threads of the VMM. */
    TAP,
    /** The host's own sockets through passt, without privileges. */
    USER
}
