package org.kvmbeans.export;

import javax.management.ObjectName;
import org.kvmbeans.machine.device.VmDevice;
import org.kvmbeans.mbeans.DeviceState;
import org.kvmbeans.mbeans.ObjectNames;
import org.kvmbeans.mbeans.VirtioDeviceAttributes;

/** What the beans of all virtio devices have in common. */
abstract class VirtioDeviceBean implements VirtioDeviceAttributes {
    private final String vm;
    private final VmDevice device;

    /** A bean of a device of the VM of that name. */
    VirtioDeviceBean(String vm, VmDevice device) {
        this.vm = vm;
        this.device = device;
    }

    /** The name of the VM. */
    final String vm() {
        return vm;
    }

    @Override
    public final String getName() {
        return device.name();
    }

    @Override
    public final DeviceState getState() {
        return DeviceState.valueOf(device.state().name());
    }

    @Override
    public final String getLastError() {
        return device.lastError();
    }

    @Override
    public final String getFeatures() {
        return "0x" + Long.toHexString(device.negotiatedFeatures());
    }

    @Override
    public final String[] getFeatureNames() {
        return FeatureNames.of(device.kind(), device.negotiatedFeatures());
    }

    @Override
    public final int getQueueCount() {
        return device.queues().size();
    }

    @Override
    public final ObjectName[] getQueues() {
        return device.queues().stream()
                .map(queue -> ObjectNames.virtQueue(vm, device.name(), queue.id()))
                .toArray(ObjectName[]::new);
    }
}
