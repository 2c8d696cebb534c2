/** Tests of NICs on TAP interfaces. */
@NullMarked
package org.kvmbeans.virtio.net.tap;

import org.jspecify.annotations.NullMarked;
