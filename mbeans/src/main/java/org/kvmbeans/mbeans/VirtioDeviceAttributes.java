package org.kvmbeans.mbeans;

import javax.management.ObjectName;

/** What the MBean of every virtio device tells. */
public interface VirtioDeviceAttributes {
    @Description("The name, unique among the devices of the VM")
    String getName();

    @Description("DETACHED (the VM is off), INACTIVE (no driver yet), ACTIVE, NEEDS_RESET (the driver broke a rule) or "
            + "REMOVING (the guest was asked to give it back)")
    DeviceState getState();

    @Description("What went wrong last at the device; empty when nothing did")
    String getLastError();

    @Description("Feature bits that the driver accepted, in hexadecimal; 0x0 without a driver")
    String getFeatures();

    @Description("Feature bits that the driver accepted, as virtio names them")
    String[] getFeatureNames();

    @Description("Queues that the device has")
    int getQueueCount();

    @Description("The MBeans of the queues, by number")
    ObjectName[] getQueues();
}
