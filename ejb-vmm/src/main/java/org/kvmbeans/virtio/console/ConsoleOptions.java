package org.kvmbeans.virtio.console;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a console device has.
 *
 * @param ports the ports it starts with, at least one, with different names; the first is a console
 * @param maxPorts ports that it has room for, {@code ports.size()} to {@link #MAX_PORTS}; each costs two queues
 */
public record ConsoleOptions(List<Port> ports, int maxPorts) {
    /** The most ports of a device. */
    public static final int MAX_PORTS = 31;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    /**
     * One port.
     *
     * @param name {@code [A-Za-z0-9._-]{1,64}}: what the guest knows it by
     */
    public record Port(String name, PortKind kind) {
        public Port {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "port name \"" + name + "\"; give 1 to 64 letters, digits, dots, underscores and hyphens");
            }
        }
    }

    public ConsoleOptions {
        ports = List.copyOf(ports);
        if (ports.isEmpty() || ports.get(0).kind() != PortKind.CONSOLE) {
            throw new IllegalArgumentException("a console device without a console; make the first port one");
        }
        if (maxPorts < ports.size() || maxPorts > MAX_PORTS) {
            throw new IllegalArgumentException(
                    "maxPorts is " + maxPorts + "; give " + ports.size() + ", the ports there are, to " + MAX_PORTS);
        }
        Set<String> names = new HashSet<>();
        for (Port port : ports) {
            if (!names.add(port.name())) {
                throw new IllegalArgumentException("two ports named " + port.name() + "; give each a name of its own");
            }
        }
    }

    /** How many queues such a device has, and so how many counters it takes (virtio 1.2, 5.3.2). */
    public int queues() {
        return 2 * maxPorts + 2;
    }
}
