package org.kvmbeans.mbeans;

/** The socket device of a VM: {@code org.kvmbeans:type=Vsock,vm=NAME}. */
@Description("The socket device of a VM: programs of the host reach programs of the guest by its context id")
public interface VsockMXBean extends VirtioDeviceAttributes {
    @Description("The context id of the guest, 3 or more (vsock(7))")
    long getCid();
}
