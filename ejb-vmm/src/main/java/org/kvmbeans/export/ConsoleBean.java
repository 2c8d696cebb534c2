package org.kvmbeans.export;

import java.util.List;
import javax.management.ObjectName;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.ConsoleMXBean;
import org.kvmbeans.mbeans.ObjectNames;

/** A VM's virtio console for its operators. */
final class ConsoleBean extends VirtioDeviceBean implements ConsoleMXBean {
    private final List<String> ports;

    /** @param ports the names of its ports */
    ConsoleBean(String vm, VmDevice console, List<String> ports) {
        super(vm, console);
        this.ports = List.copyOf(ports);
    }

    @Override
    public ObjectName[] getPorts() {
        return ports.stream().map(port -> ObjectNames.consolePort(vm(), port)).toArray(ObjectName[]::new);
    }
}
