package org.kvmbeans.export;

import org.kvmbeans.machine.device.VmVsock;
import org.kvmbeans.mbeans.VsockMXBean;

/** A VM's socket device for its operators. */
final class VsockBean extends VirtioDeviceBean implements VsockMXBean {
    private final VmVsock vsock;

    VsockBean(String vm, VmVsock vsock) {
        super(vm, vsock);
        this.vsock = vsock;
    }

    @Override
    public long getCid() {
        return vsock.cid();
    }
}
