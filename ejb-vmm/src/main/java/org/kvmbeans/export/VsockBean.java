package org.kvmbeans.export;

import org.kvmbeans.machine.VirtualMachine;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.VsockMXBean;

/** A VM's socket device for its operators. */
final class VsockBean extends VirtioDeviceBean implements VsockMXBean {
    private final VirtualMachine machine;

    VsockBean(VirtualMachine machine, VmDevice vsock) {
        super(machine.definition().name(), vsock);
        this.machine = machine;
    }

    @Override
    public long getCid() {
        return machine.definition().devices().vsockCid();
    }
}
