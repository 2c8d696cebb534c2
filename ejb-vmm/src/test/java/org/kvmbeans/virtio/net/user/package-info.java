/** Tests of NICs on passt. */
@NullMarked
package org.kvmbeans.virtio.net.user;

import org.jspecify.annotations.NullMarked;
