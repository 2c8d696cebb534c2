package org.kvmbeans.export;

import javax.management.ObjectName;
import org.kvmbeans.machine.device.VmConsole;
import org.kvmbeans.mbeans.ConsoleMXBean;
import org.kvmbeans.mbeans.ObjectNames;

/** A VM's virtio console for its operators. */
final class ConsoleBean extends VirtioDeviceBean implements ConsoleMXBean {
    private final VmConsole console;

    ConsoleBean(String vm, VmConsole console) {
        super(vm, console);
        this.console = console;
    }

    @Override
    public ObjectName[] getPorts() {
        return console.portNames().stream()
                .map(port -> ObjectNames.consolePort(vm(), port))
                .toArray(ObjectName[]::new);
    }
}
