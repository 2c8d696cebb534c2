package org.kvmbeans.machine.definition;

/**
 * How vCPUs are told to lie in sockets.
 *
 * @param sockets sockets of the machine, at least 1
 * @param cores cores of a socket, at least 1
 * @param threads threads of a core, at least 1
 */
public record Topology(int sockets, int cores, int threads) {
    public Topology {
        if (sockets < 1 || cores < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "topology " + sockets + "x" + cores + "x" + threads + ": each must be at least 1");
        }
    }

    /** The vCPUs of such a machine. */
    public long vcpus() {
        return (long) sockets * cores * threads;
    }
}
