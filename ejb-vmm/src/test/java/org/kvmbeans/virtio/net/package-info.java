/** Tests of NICs, and what they share: a guest's side of a NIC, and packets. */
@NullMarked
package org.kvmbeans.virtio.net;

import org.jspecify.annotations.NullMarked;
