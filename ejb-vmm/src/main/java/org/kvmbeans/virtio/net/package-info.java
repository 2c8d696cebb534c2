/** The virtio network device: queues, offloads, control requests, and what its back ends have in common (virtio 1.2, 5.1). */
@NullMarked
package org.kvmbeans.virtio.net;

import org.jspecify.annotations.NullMarked;
