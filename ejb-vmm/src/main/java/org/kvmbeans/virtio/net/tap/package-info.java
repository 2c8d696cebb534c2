/** NICs on TAP interfaces of the host, served by this process or by vhost in the kernel. */
@NullMarked
package org.kvmbeans.virtio.net.tap;

import org.jspecify.annotations.NullMarked;
