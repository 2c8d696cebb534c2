package org.kvmbeans.machine;

import org.kvmbeans.machine.device.VmDevice;

/**
 * Hears of the parts of a machine that come, go and fail, in the order in which they do. Called on the thread that makes
 * the change; it must not block, and call no operation of the machine.
 */
public interface MachineListener {
    /** A device was added: its guest, if any runs, can find it. */
    void deviceAdded(VmDevice device);

    /** A device is gone: given back by its guest, or removed while the machine was off. */
    void deviceRemoved(VmDevice device);

    /** A device failed; {@link VmDevice#lastError} says how. */
    void deviceFailed(VmDevice device);

    /** A vCPU was added. */
    void vcpuAdded(Vcpu vcpu);

    /** A vCPU is gone. */
    void vcpuRemoved(Vcpu vcpu);
}
