/** Virtio queues that the kernel serves: vhost. */
@NullMarked
package org.kvmbeans.virtio.vhost;

import org.jspecify.annotations.NullMarked;
