package org.kvmbeans.machine.device;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.virtio.console.ConsoleOptions;
import org.kvmbeans.virtio.console.ConsolePort;
import org.kvmbeans.virtio.console.PortKind;
import org.kvmbeans.virtio.console.VirtioConsole;
import org.kvmbeans.virtio.spi.VirtioDevice;

/** The virtio console of a machine: the first port is a console, the others are channels to programs of the guest. */
public final class VmConsole extends VmDevice {
    private final ConsoleOptions options;
    private volatile @Nullable VirtioConsole device;

    /** @param ports names of its ports, at least one */
    public VmConsole(List<String> ports) {
        this(options(ports));
    }

    private VmConsole(ConsoleOptions options) {
        super("console", DeviceKind.CONSOLE, options.queues());
        this.options = options;
    }

    private static ConsoleOptions options(List<String> names) {
        List<ConsoleOptions.Port> ports = names.stream()
                .map(name ->
                        new ConsoleOptions.Port(name, name.equals(names.get(0)) ? PortKind.CONSOLE : PortKind.CHANNEL))
                .toList();
        return new ConsoleOptions(ports, ports.size());
    }

    /** Names of its ports. */
    public List<String> portNames() {
        return options.ports().stream().map(ConsoleOptions.Port::name).toList();
    }

    /** A port of the present power cycle; empty while the machine is off. */
    public Optional<ConsolePort> port(String name) {
        VirtioConsole current = device;
        return current == null
                ? Optional.empty()
                : current.ports().stream()
                        .filter(port -> port.name().equals(name))
                        .findFirst();
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        VirtioConsole opened = new VirtioConsole(host.loop(), options, counters());
        device = opened;
        return opened;
    }

    @Override
    public void detached() {
        device = null;
        super.detached();
    }
}
