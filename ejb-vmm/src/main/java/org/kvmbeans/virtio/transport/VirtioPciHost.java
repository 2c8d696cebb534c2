package org.kvmbeans.virtio.transport;

import org.kvmbeans.bus.pci.MsiRouter;
import org.kvmbeans.memory.GuestMemory;
import org.kvmbeans.sys.Posix;

/**
 * What a virtio function needs of its machine.
 *
 * @param posix system calls
 * @param memory the guest's memory, handed on to the device
 * @param interrupts where message-signalled interrupts come from
 * @param doorbells where notifications are caught
 */
public record VirtioPciHost(Posix posix, GuestMemory memory, MsiRouter interrupts, Doorbells doorbells) {}
