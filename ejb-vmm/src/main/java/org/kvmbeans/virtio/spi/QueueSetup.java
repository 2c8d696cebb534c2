package org.kvmbeans.virtio.spi;

import org.kvmbeans.sys.EventFd;

/**
 * A queue as the driver set it up (virtio 1.2, 4.1.4.3).
 *
 * @param index its number in the device
 * @param size its size: 1 to the largest that the device offered; a power of two where it is split
 * @param descriptorGpa guest-physical address of the descriptor table or ring; not checked
 * @param driverGpa guest-physical address of the available ring or the driver's event suppression; not checked
 * @param deviceGpa guest-physical address of the used ring or the device's event suppression; not checked
 * @param kick signalled, by the kernel, when the driver notifies; the transport closes it
 * @param interrupt how the driver is interrupted
 */
public record QueueSetup(
        int index,
        int size,
        long descriptorGpa,
        long driverGpa,
        long deviceGpa,
        EventFd kick,
        QueueInterrupt interrupt) {}
