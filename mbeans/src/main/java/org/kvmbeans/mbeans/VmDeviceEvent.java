package org.kvmbeans.mbeans;

/**
 * The user data of a {@code vm.device.*} notification.
 *
 * @param vm the name of the virtual machine
 * @param device the name of the device in it
 * @param kind what the device is
 * @param state the state that the device is in; for one that was removed, the last one
 * @param detail a sentence for a person, empty where there is nothing to add
 */
public record VmDeviceEvent(String vm, String device, DeviceKind kind, DeviceState state, String detail) {}
