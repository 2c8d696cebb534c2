package org.kvmbeans.machine.definition;

import java.util.List;
import org.kvmbeans.virtio.spi.RateLimits;

/**
 * A network interface of a machine.
 *
 * @param name unique among the machine's devices
 * @param backend what carries its packets on the host
 * @param mac unicast address, six octets in lower-case hexadecimal with colons between
 * @param bridge the host's bridge that its TAP joins; empty for none
 * @param tap name of the TAP on the host; empty where the host chooses one, or it needs none
 * @param queues pairs of virtqueues: 1 to {@value #MAX_QUEUES}
 * @param mtu largest packet without its Ethernet header, bytes
 * @param allowSpoofing whether the guest may send from other addresses than {@code mac}
 * @param forwards ports of the host that lead into the guest, {@code tcp:127.0.0.1:2222:22}; backend {@link Backend#USER} only
 * @param transmitLimits what the guest may send
 * @param receiveLimits what the guest may receive
 */
public record NicDefinition(
        String name,
        Backend backend,
        String mac,
        String bridge,
        String tap,
        int queues,
        int mtu,
        boolean allowSpoofing,
        List<String> forwards,
        RateLimits transmitLimits,
        RateLimits receiveLimits) {
    /** What carries a NIC's packets on the host. */
    public enum Backend {
        /** A TAP that the kernel's vhost-net serves. */
        VHOST,
        /** A TAP that our own threads serve. */
        TAP,
        /** passt: a process without privileges that speaks for the guest through the host's sockets. */
        USER
    }

    /** The most pairs of virtqueues of a NIC. */
    public static final int MAX_QUEUES = 16;
    /** The MTU of Ethernet. */
    public static final int STANDARD_MTU = 1500;

    public NicDefinition {
        forwards = List.copyOf(forwards);
    }

    /** The same NIC with other limits. */
    public NicDefinition withLimits(RateLimits transmit, RateLimits receive) {
        return new NicDefinition(
                name, backend, mac, bridge, tap, queues, mtu, allowSpoofing, forwards, transmit, receive);
    }
}
