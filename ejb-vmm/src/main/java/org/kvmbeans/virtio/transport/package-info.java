/** Virtio over PCI: how a virtio device is shown to the guest's driver (virtio 1.2, 4.1). */
@NullMarked
package org.kvmbeans.virtio.transport;

import org.jspecify.annotations.NullMarked;
