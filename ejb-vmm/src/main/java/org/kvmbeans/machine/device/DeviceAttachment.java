package org.kvmbeans.machine.device;

/** A device in a slot of a powered board, as far as its monitor reads it. Methods may be called from any thread. */
public interface DeviceAttachment {
    /** Whether the driver has set DRIVER_OK. */
    boolean driverReady();

    /** Why the device asked for a reset; empty where it did not. */
    String resetReason();

    /** The feature bits that the driver accepted. */
    long negotiatedFeatures();

    /** Descriptors of a queue. */
    int queueSize(int queue);

    /** Whether the driver enabled a queue. */
    boolean queueEnabled(int queue);
}
