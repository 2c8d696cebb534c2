package org.kvmbeans.machine.device;

import org.kvmbeans.virtio.spi.VirtioDevice;
import org.kvmbeans.virtio.vsock.VirtioVsock;
import org.kvmbeans.virtio.vsock.VsockOptions;

/** The sockets between a machine's guest and its host, which the kernel's vhost serves. */
public final class VmVsock extends VmDevice {
    private static final int QUEUES = 3;

    private final VsockOptions options;

    /** @param cid the guest's address, {@link VsockOptions#MIN_CID} to {@link VsockOptions#MAX_CID} */
    public VmVsock(long cid) {
        super("vsock", DeviceKind.VSOCK, QUEUES);
        this.options = new VsockOptions(cid);
    }

    /** The guest's address. */
    public long cid() {
        return options.cid();
    }

    @Override
    public VirtioDevice open(DeviceHost host) {
        return VirtioVsock.open(host.posix(), host.loop(), options);
    }
}
